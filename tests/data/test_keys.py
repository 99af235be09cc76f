from __future__ import annotations

import hashlib
import hmac
import os
import stat
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cxlib.data.keys import AGENT, CUSTOMER, Key, canonical, key_file, open_key
from cxlib.errors import SetupError

KEY = Key("shop", bytes(range(32)))


def texts(*cells: str | None) -> pd.Series:
    return pd.Series(cells, dtype="str")


def test_ids_have_one_form() -> None:
    ids = texts(
        "007", "7", "12.0", " 12 ", "１２", "A12", "a12", "Li@X.com", "0.50", "007.0", "", None
    )
    assert canonical(ids).fillna("-").tolist() == [
        "007", "7", "12", "12", "12", "A12", "a12", "li@x.com", "0.50", "007.0", "-", "-",
    ]  # fmt: skip


def test_a_pseudonym_is_an_hmac_sha256_of_128_bits() -> None:
    by_hand = hmac.new(KEY.secret, b"shop\x1fcustomer\x1f12", hashlib.sha256).hexdigest()[:32]
    assert KEY.pseudonyms(texts("12.0"), CUSTOMER).tolist() == [by_hand]


def test_ids_join_within_a_kind_of_person_and_nowhere_else() -> None:
    ids = texts("12", "13", None)
    customers = KEY.pseudonyms(ids, CUSTOMER)
    assert customers.tolist()[:2] == KEY.pseudonyms(texts("12.0", "１３"), CUSTOMER).tolist()
    assert customers.isna().tolist() == [False, False, True]
    others = [
        KEY.pseudonyms(ids, AGENT),
        Key("shop", bytes(32)).pseudonyms(ids, CUSTOMER),
        Key("bank", KEY.secret).pseudonyms(ids, CUSTOMER),
    ]
    assert all(not set(customers.dropna()) & set(other.dropna()) for other in others)


def test_a_key_shows_its_id_and_never_itself() -> None:
    assert KEY.secret.hex() not in repr(KEY)
    assert len(KEY.id) == 16
    assert KEY.id not in KEY.secret.hex()
    assert KEY.id != Key("shop", bytes(32)).id


def test_the_first_key_is_made_private_and_stays(shop: Any) -> None:
    key = open_key("shop", shop.workspace)
    path = key_file("shop", shop.workspace)
    assert len(key.secret) == 32
    assert path.read_text(encoding="ascii") == key.secret.hex() + "\n"
    assert not path.is_relative_to(shop.workspace.root)
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert open_key("shop", shop.workspace) == key
    assert open_key("bank", shop.workspace) != key
    assert [p.name for p in sorted(path.parent.iterdir())] == ["bank.key", "shop.key"]


def test_a_lost_key_is_an_error_and_never_a_new_key(shop: Any) -> None:
    open_key("shop", shop.workspace)
    shop.tables.mkdir(parents=True)
    path = key_file("shop", shop.workspace)
    path.unlink()
    with pytest.raises(SetupError, match="is missing, and its tables were made with it"):
        open_key("shop", shop.workspace)
    assert not path.exists()


def test_cx_key_file_names_another_place(
    shop: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "vault" / "shop.key"
    monkeypatch.setenv("CX_KEY_FILE", str(path))
    key = open_key("shop", shop.workspace)
    assert path.read_text(encoding="ascii").strip() == key.secret.hex()
    path.write_text("too short\n", encoding="ascii")
    with pytest.raises(SetupError, match="is no key: it must hold 64 hexadecimal digits"):
        open_key("shop", shop.workspace)


@pytest.mark.skipif(os.name != "posix", reason="file modes")
def test_a_key_that_others_can_read_is_refused(shop: Any) -> None:
    open_key("shop", shop.workspace)
    key_file("shop", shop.workspace).chmod(0o644)
    with pytest.raises(SetupError, match=r"others can read the key .*chmod 600"):
        open_key("shop", shop.workspace)


def test_a_demo_key_lies_beside_its_data_and_is_never_made(shop: Any) -> None:
    with pytest.raises(SetupError, match=r"python -m cxlib.data.demo"):
        open_key("shop", shop.workspace, demo=True)
    shop.file("demo.key", "ab" * 32 + "\n")
    assert open_key("shop", shop.workspace, demo=True).secret == b"\xab" * 32
