"""Words of praise and complaint in English and Chinese, with what turns and what scales them.

Plain customer language, kept short so that a consultant can read all of it; a codebook adds the
words of its trade. Longest match wins: ``neutral`` phrases hide a word that means nothing in them.
English entries match whole words, ``*`` any ending.
"""

from __future__ import annotations

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "positive": """
            good great excellent amazing awesome fantastic wonderful perfect* superb brilliant
            outstanding nice lovely pleasant* delight* happy happily pleased satisf* love loved
            loves loving liked enjoy* best better recommend* friendly kind kindly polite*
            courteous helpful attentive caring welcoming warm professional* knowledgeable
            efficient* fast quick quickly prompt* smooth* easy easily simple simply convenient*
            clean spotless tidy comfortable comfy cosy cozy quiet spacious beautiful* fresh tasty
            delicious reliable reliably trust* honest* fair fairly reasonable affordable
            good_value worth_it well_done well_organised well_organized thank* grateful
            instantly instant just_work just_works within_seconds within_minutes on_the_spot
            never_lets_me_down never_let_me_down better_than at_once straight_away
            appreciate* can't_be_beaten can't_go_wrong
            impress* exceeded superior seamless* flawless* intuitive responsive patient patiently
            safe secure resolved solved sorted_out improved no_complaints can't_complain
            cannot_complain can_not_complain no_problem* no_issue* no_fault*
            nothing_to_complain not_bad couldn't_be_better could_not_be_better
            can't_fault cannot_fault second_to_none on_time thumbs_up well_worth
        """,
        "negative": """
            bad badly terrible terribly awful* horribl* horrid poor poorly worst worse disappoint*
            unhappy dissatisf* unsatisf* unpleasant annoy* angry furious upset upsetting frustrat*
            hate hated hates rude rudely impolite unfriendly unhelpful arrogant indifferent
            unprofessional incompetent careless lazy slow slowly delay* late waited waiting wait
            queue* queuing long_time forever difficult* hard complicated confus* unclear
            inconvenient* dirty filthy stain* smelly smell* stink* noisy noise loud cold
            uncomfortable cramped old outdated shabby broken faulty defect* crash* crashed* bug*
            buggy error* fail* failure* problem* issue* fault* wrong* mistake* missing lost
            damaged leak* expensive overpriced overcharg* pricey rip_off ripoff scam* cheat*
            fraud* mislead* misled lied lies unfair unreliable unsafe ignored ignore ignores
            refus* reject* cancel* complain* complaint* useless worthless pointless waste* wasted
            disgust* shame* shameful unacceptable regret* never_again avoid avoided
            lack* lacking insufficient inadequate unresolved unsolved chaos chaotic mess messy
            not_worth let_down fed_up gave_up hung_up too_long too_much too_small
            too_high too_low too_many too_few slower blocked frozen cut_off expect_better expected_better
            used_to_be never_explained no_reason nobody_called could_not_find couldn't_find cannot_find
            can't_find needs_fixing please_fix sort_it_out go_elsewhere move_elsewhere overdrawn
            went_elsewhere thinking_of_switching thinking_of_leaving without_notice did_not_expect
            could_be_better needs_improvement room_for_improvement tired bored boring
        """,
        "neutral": """
            like_to would_like looks_like look_like feel*_like felt_like just_like
            like_a like_the good_morning good_evening best_regards kind_of kind_regards
            at_best better_late hard_drive waiting_room old_town cold_drink* wait_for
            no_wonder thank_you_for as_well_as lost_and_found late_check* late_night
            late_checkout air_conditioning hard_to_beat not_only no_doubt not_just never_seen
            never_had_such never_had_a_worse never_experienced never_been_so no_matter nothing_but
            fraud_alert* fraud_team fraud_check* problem_solved error_free lie_down easy_chair fast_food fast_track
        """,
        "negation": """
            not no never none nothing nobody neither nor without hardly barely scarcely isn't aren't
            wasn't weren't don't doesn't didn't won't wouldn't can't couldn't cannot shouldn't
            haven't hasn't hadn't ain't isnt arent wasnt werent dont doesnt didnt wont wouldnt cant
            couldnt shouldnt havent hasnt hadnt far_from anything_but lack_of lacked nor
        """,
        "strong": """
            very really extremely absolutely totally completely so incredibly highly super
            exceptionally particularly especially truly too utterly
        """,
        "weak": """
            quite fairly rather somewhat slightly little a_bit a_little kind_of sort_of
            partly mostly relatively
        """,
    },
    "zh": {
        "positive": """
            👍 😊 😀 😃 😄 😁 🙂 😍 🥰 ❤ 💕 👏 💯 🌹 🎉
            好 很好 不错 挺好 真好 最好 太好了 极好 良好 优秀 优质 优良 出色 完美 满意 称心 如意 高兴
            开心 愉快 快乐 喜欢 喜爱 爱上 热爱 赞 点赞 棒 很棒 牛 给力 惊喜 感动 感谢 谢谢 感激 感恩
            推荐 值得 超值 物有所值 物超所值 实惠 划算 便宜 合理 公道 热情 亲切 友好 友善 和气 耐心 细心
            细致 周到 体贴 贴心 礼貌 客气 专业 敬业 负责 认真 诚信 诚恳 真诚 靠谱 可靠 放心 信赖 信任
            及时 迅速 快速 快捷 很快 挺快 效率高 高效 神速 顺利 顺畅 流畅 方便 便捷 便利 容易 清楚
            清晰 明白 干净 整洁 卫生 清洁 舒适 舒服 舒心 宽敞 明亮 安静 温馨 温暖 漂亮 好看 美观 精美
            精致 美丽 好吃 美味 可口 新鲜 丰富 齐全 正品 结实 耐用 好用 实用 有用 有帮助 解决了 有趣
            精彩 经典 感人 生动 深刻 受益 收获 支持 一流 上乘 高档 五星 放心 省心 省事 无可挑剔 没毛病
            没得说 没话说 没的说 名不虚传 名副其实 还可以 还行 还不错 不赖 不贵 不差 不坏 没问题 棒棒
            好评 回购 再来 会再来 下次还来 挑不出 爱不释手 有意思 有爱 可爱 厚道 良心 流连忘返 性价比高 性价比很高
            很值 轻便 轻巧 赏心悦目 物美价廉 过瘾 入味
        """,
        "negative": """
            👎 😡 😠 😤 😞 😒 🙁 ☹ 😢 😭 💔 🤮 💩
            差 很差 太差 差劲 极差 差评 坏 糟 糟糕 烂 垃圾 恶心 恶劣 可恶 讨厌 反感 失望 后悔 遗憾 可惜
            不满 不满意 生气 气愤 愤怒 气死 郁闷 难受 难过 无语 无奈 心寒 伤心 烦 麻烦 烦人 头疼 投诉
            抱怨 抗议 慢 太慢 很慢 缓慢 拖延 拖拉 拖拖拉拉 延误 延迟 迟到 等了 等半天 久等 太久 排队 拥挤
            冷漠 冷淡 敷衍 推诿 推卸 推脱 踢皮球 态度差 傲慢 粗鲁 无礼 不耐烦 爱理不理 爱答不理 不理
            不理睬 不专业 不负责 不负责任 业余 马虎 粗心 粗糙 劣质 低劣 次品 假货 假的 盗版 山寨 骗 欺骗
            骗人 骗子 被骗 忽悠 坑 坑人 坑爹 宰客 上当 虚假 误导 乱收费 贵 太贵 偏贵 不值 浪费 亏 亏了
            脏 肮脏 很脏 臭 异味 难闻 霉味 发霉 灰尘 噪音 噪声 吵 吵闹 太吵 隔音差 破 破旧 破损 陈旧 老旧
            旧 损坏 坏了 坏的 故障 死机 卡顿 卡死 闪退 崩溃 掉线 出错 错误 报错 失败 失灵 打不开 用不了
            问题 缺陷 毛病 缺点 不足 瑕疵 漏水 漏 掉色 褪色 变形 开裂 断裂 起球 冷 太冷 太热 闷 难吃 难喝
            难看 难用 难懂 复杂 繁琐 混乱 乱 不方便 不便 不清楚 不明 模糊 看不清 听不清 找不到 打不通
            没人接 没人管 没人理 无人 没解决 未解决 不解决 不退 拒绝 不给 没有用 没用 无用 无聊 乏味 枯燥
            肤浅 空洞 无趣 失误 遗漏 丢失 丢了 少了 少发 错发 发错 送错 漏发 小气 危险 不安全 退货 退款
            退了 换货 千万别 别买 不推荐 不建议 不会再 再也不 勿买 慎买 慎入 不怎么样 不咋地 不咋样 一般般
            不敢恭维 不如 不行 不好 不爽 不值得 太小 太薄 太短 不合理 有待提高 有待改进 需要改进 希望改进
            有待 令人发指 吃亏 受骗 上火 歧视 威胁 丑 廉价 次 水货 缩水 假 掉漆 刺鼻 味道大 短路 凑合
            将就 勉强 大失所望 简陋 离谱 费劲 费事 没法 可笑 恐怖 黑店 名不符实 没意思 一塌糊涂 恼火 受不了
            推托 不全 白买 毫无价值 折腾 一般 昏暗 昏倒 震坏 气人 不理想 不耐用 不结实 不清晰 不新鲜 不干净 不卫生 名不副实 言过其实 华而不实 忍无可忍 鸡肋 死板 吐槽
        """,
        "neutral": """
            好像 不好意思 只好 正好 刚好 恰好 好几 好多 好久 爱好 好友 好奇 你好 您好 好歹 好在 好了
            好不容易 最好能 最好是 最好有 差不多 差别 差异 误差 出差 时差 相差 差点 差一点 坏处 牛奶 牛肉
            牛仔 蜗牛 热情况 棒球 贵司 贵行 贵店 贵公司 贵方 贵宾 贵州 珍贵 冷气 冷饮 冷藏 冷静 破例 突破
            乱码 一次 二次 这次 那次 下次 上次 首次 再次 每次 多次 几次 次数 层次 档次 次日 次要 其次
            初次 依次 次序 批次 假期 假日 请假 放假 假如 假设 真假 凑合适 吃亏心 旧址 依旧 仍旧 仿旧 怀旧
            慢慢 慢跑 慢性 亏得 多亏 幸亏 赞助 问题都 问题也 有问题时 有问题找 闷骚 冷暖 臭豆腐 吵架
            一般来说 一般情况 一般都 一般会 一般是 不一般 一般人 美中不足 好坏 简单说 不仅 不但 不只 不光 不单 不妨 不过 不同 不少 不断 不管 不论 不久 不得不 不由得
            说明白 喜欢不 漏斗 泄漏率 次卡 破晓 骗过 没想到 想不到 意想不到 没的说 别的 特别 分别 级别
            区别 性别 类别 个别 别人 告别 没收 没事 从来没见过 没见过 从未见过 没遇到过 没有比
            不得不说 不能不 无不 就好了 才好 好不好 是不是 能不能 会不会 有没有 要不要 无线 无论 无锡 无糖 无人机 非常 除非 是非 未来 未必
        """,
        "negation": """
            不 没 没有 别 无 非 未 毫无 并非 并不 并没 从不 从未 不是 不太 不够 不怎么 不算 算不上 谈不上
            称不上 说不上 不会 不能 不可 不再 不大 不那么 没那么 没什么 没啥 毫不 一点也不 一点都不 绝不
            不要 没能 未能 缺乏 缺少 难以 难言 哪里 何谈
        """,
        "strong": """
            很 非常 特别 十分 极 极其 极为 超 超级 太 相当 真 真的 实在 格外 尤其 无比 最 更 更加 完全 绝对
            万分 极度 巨 贼 挺
        """,
        "weak": """
            有点 有点儿 有些 稍 稍微 稍稍 略 略微 比较 还 还算 一点 一些 多少有点 较
        """,
    },
}


def entries(text: str) -> list[str]:
    """Return a block of words as a list; ``_`` joins the words of a phrase."""
    return [entry.replace("_", " ") for entry in dict.fromkeys(text.split())]


NOTHING = frozenset(
    entry.replace("_", " ")
    for entry in """
    no none nothing n/a na nil nope no_complaints no_complaint nothing_to_add all_good
    nothing_comes_to_mind 无 没 没有 暂无 没有了 无意见 没意见 没有意见 无建议 没有建议 暂时没有 没什么
    没啥 都好 都很好 无不满 没有不满 没有不满意 没有问题 没问题 无问题 挺好 挺好的
    """.split()  # noqa: SIM905 (as above)
)
"""Answers that say "nothing": to a question that asks for complaints they are praise."""

COMMON = frozenset(
    """
    the a an and or of to in on at for with from by as is are was were be been it its this
    that these those i we you he she they my our your his her their me us them so if then than
    there here have has had do does did will would can could should just also very too not no
    but
    的 了 是 在 我 也 就 都 和 有 与 及 而 着 呢 吧 吗 啊 呀 这 那 你 他 她 它 们 我们 你们 他们 一个 这个 那个 因为 所以 如果
    但是 但 可以 会 要 去 来 到 说 对 把 被 给 让 从 还 又 再 很 太 不 没 没有 上 下 里 中 个 之 等 或 于 以 为 得 地 过 能 一
    啦 哦 哈 嗯 什么 怎么 这样 那样 自己 时候 已经 就是 还是
    """.split()  # noqa: SIM905 (a list of words reads as words)
)
"""Words that say nothing by themselves."""

CONTRAST = {
    "en": ("but", "however", "although", "though", "yet", "unfortunately"),
    "zh": ("但是", "但", "可是", "不过", "然而", "却", "只是", "就是"),
}
"""What ends the reach of a negation, and what weighs more than what stood before it."""

TRADITIONAL = str.maketrans(
    "長廣東車馬門間開關見貝頁風飛魚鳥麥黃點齊龍龜來們個這說話語請謝謝讓認識課誰談論訴評詞試詢該詳誠誤"
    "誇譽護變顧頭題願類顯買賣賓貨質費貴資賞賴購贈贊趕過還進運達遠適選邊遞遲錯銀鋪鍵鎖鐘鏡鐵鑰閉閃問聞"
    "陽陰際陳險隨隱難雜離雞電靜響順預領頻顆養餐餘館驗騙驚髒體鬆鬧麗麼麵價優備傳傷傾償儘兒兩冊內劃劇劑"
    "劣勁動務勝勞勢區協單卻參員團園圓圖國報場塊壞壓聲處夠夢奪奮媽婦嬰孫學實寫寬寶專將對導屬層島師帳帶幣"
    "幫幹庫廁廚廢廳彈強彎後徑從復徵徹惡惱愛態慘慚慢慣憂憑憤應懷懶懸戶戲戰拋挾捨掃掛採揀換揮損搖搶摯撥擇"
    "擊擋擔據擠擺擾攝敗敵數斷於時晚暢暫書會東條極構樂樓標樣樹橋機檔檢櫃欄權歡歲歷歸殘殺氣沒況淚淨測滿漏"
    "滯漲潔濕濟無煙煩熱燈燒爐爛爭爺牆獎獨獲現環產畫異當瘋療發盡監盤確碼礙禮稅種稱穩窗筆節範簡簽籤糧糾紀"
    "約紅紋納純紙級細終組結絕給統經綠維網緊線緩編練縣縮總織繞繼續罰職聯聽腦腳臉臨舉舊藝藥虧蟲號補裝裡製複"
    "覆規視覺覽觀觸計訂記訪設許註證譯讀趙踐輕輛輸轉辦辭農邏鄰醫釋針鈔銷鋼錢錄鐘陸隊階雖雲霧頓顏饋餓駐驟",
    "长广东车马门间开关见贝页风飞鱼鸟麦黄点齐龙龟来们个这说话语请谢谢让认识课谁谈论诉评词试询该详诚误"
    "夸誉护变顾头题愿类显买卖宾货质费贵资赏赖购赠赞赶过还进运达远适选边递迟错银铺键锁钟镜铁钥闭闪问闻"
    "阳阴际陈险随隐难杂离鸡电静响顺预领频颗养餐余馆验骗惊脏体松闹丽么面价优备传伤倾偿尽儿两册内划剧剂"
    "劣劲动务胜劳势区协单却参员团园圆图国报场块坏压声处够梦夺奋妈妇婴孙学实写宽宝专将对导属层岛师帐带币"
    "帮干库厕厨废厅弹强弯后径从复征彻恶恼爱态惨惭慢惯忧凭愤应怀懒悬户戏战抛挟舍扫挂采拣换挥损摇抢挚拨择"
    "击挡担据挤摆扰摄败敌数断于时晚畅暂书会东条极构乐楼标样树桥机档检柜栏权欢岁历归残杀气没况泪净测满漏"
    "滞涨洁湿济无烟烦热灯烧炉烂争爷墙奖独获现环产画异当疯疗发尽监盘确码碍礼税种称稳窗笔节范简签签粮纠纪"
    "约红纹纳纯纸级细终组结绝给统经绿维网紧线缓编练县缩总织绕继续罚职联听脑脚脸临举旧艺药亏虫号补装里制复"
    "覆规视觉览观触计订记访设许注证译读赵践轻辆输转办辞农逻邻医释针钞销钢钱录钟陆队阶虽云雾顿颜馈饿驻骤",
)
"""Traditional characters that customers write, to the simplified ones of the lists above."""
