"""The data room: a client's raw files in, pseudonymised canonical tables out."""
