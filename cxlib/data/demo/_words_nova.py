"""What customers of the demo online mall write, in Chinese and in English."""

from __future__ import annotations

from cxlib.data.demo._comments import Phrases

CHINESE = Phrases(
    praise={
        "search": (
            "搜索很准，想买的一下就找到了",
            "分类清楚，逛起来很轻松",
            "推荐的{goods}正合我意",
        ),
        "product": (
            "{goods}质量很好，和描述一致",
            "{goods}做工精细，性价比高",
            "东西是正品，用着放心",
            "收到的{goods}比图片还好看",
        ),
        "checkout": (
            "付款很顺畅，优惠券自动就用上了",
            "下单流程简单，支付方式多",
            "结算页面清楚，没有多余步骤",
        ),
        "delivery": (
            "发货快，第{few}天就到了",
            "物流信息更新及时，{courier}送货上门",
            "快递小哥态度很好，准时送到",
            "昨天下单今天就收到了",
        ),
        "packaging": ("包装很用心，一点都没压坏", "包装环保又结实", "礼盒包装漂亮，送人有面子"),
        "customer_service": (
            "客服回复快，{few}分钟就解决了",
            "客服很有耐心，讲得很清楚",
            "在线客服主动帮我查了{courier}",
        ),
        "returns": (
            "退货很方便，{few}天就退款了",
            "换货上门取件，特别省心",
            "退款秒到账，没有扯皮",
        ),
        "loyalty": ("会员积分换了{goods}，很实惠", "会员日折扣给力", "生日礼券很贴心"),
    },
    blame={
        "search": (
            "搜出来的东西根本不相关",
            "找{goods}翻了好几页都没找到",
            "筛选不好用，价格排序是乱的",
        ),
        "product": (
            "{goods}和描述不符，色差很大",
            "{goods}用了{few}天就坏了",
            "质量一般，线头很多",
            "尺码不准，{goods}小了一号",
        ),
        "checkout": ("付款失败了好几次", "优惠券用不了，也不说原因", "结算时价格变了，感觉被骗"),
        "delivery": (
            "发货太慢，等了{days}天",
            "物流停了{days}天没有更新",
            "{courier}没有送上门，直接扔在驿站",
            "说好次日达，结果等了{days}天",
        ),
        "packaging": (
            "包装太简陋，盒子都压扁了",
            "{goods}没有缓冲，收到就碎了",
            "过度包装，拆了半天",
        ),
        "customer_service": (
            "客服都是机器人，找不到人工",
            "客服回复慢，问题没有解决",
            "换了{few}个客服，每次都要重新说一遍",
        ),
        "returns": (
            "退货太麻烦，审核了{days}天",
            "退款一直不到账，催了{few}次",
            "退货运费要自己出，不合理",
            "申请换货被拒绝，也没有理由",
        ),
        "loyalty": (
            "积分说清零就清零，没有提醒",
            "会员和非会员一个价，没意思",
            "积分规则太复杂，看不懂",
        ),
    },
    glad=(
        "非常满意的一次购物",
        "一直在这里买，放心",
        "好评，推荐给大家",
        "物美价廉",
        "没有让我失望",
    ),
    sad=("购物体验很差", "不会再买了", "太失望了", "这次真的不满意", "不推荐"),
    plain=("还可以", "一般般，能用", "总体不错", "中规中矩", "价格合适"),
    but=("{0}，不过{1}", "{0}，就是{1}", "{0}，可惜{1}", "虽然{0}，但是{1}"),
    also=("{0}，{1}", "{0}，而且{1}", "{0}，另外{1}"),
    thanks=("会回购", "已经推荐给同事", "五星好评", "谢谢卖家"),
    demand=("希望尽快处理", "请改进", "等一个说法", "再这样就卸载了"),
    contact=("请打我电话 13800138000。", "联系邮箱 buyer{digits}@example.com。"),
    slots={
        "goods": ("耳机", "外套", "运动鞋", "台灯", "面霜", "保温杯", "背包", "键盘", "毛巾"),
        "few": ("两", "三", "五"),
        "days": ("五", "七", "十", "八", "6"),
        "courier": ("快递", "配送员", "物流"),
        "digits": ("12", "305", "77", "481"),
    },
    stop="。",
    gap="",
)

ENGLISH = Phrases(
    praise={
        "search": ("the search found what I wanted right away", "it is easy to browse and compare"),
        "product": (
            "the {goods} is exactly as described",
            "this is a great {goods} for the price",
            "the {goods} looks even better than in the photos",
        ),
        "checkout": ("checkout was quick and my voucher worked", "paying was easy with {payment}"),
        "delivery": (
            "delivery was fast, only {few} days",
            "the parcel arrived a day early",
            "the tracking was accurate and the driver was friendly",
        ),
        "packaging": (
            "it was packed with care and nothing was broken",
            "the packaging is nice, without wasted plastic",
        ),
        "customer_service": (
            "customer service replied in {few} minutes",
            "the chat agent was patient and spoke good English",
        ),
        "returns": (
            "returning the {goods} was painless",
            "the refund arrived within {few} days",
            "the pick-up for my exchange was free, very handy",
        ),
        "loyalty": ("the member discount is worth it", "I used my points for a {goods}, lovely"),
    },
    blame={
        "search": (
            "the search shows things that have nothing to do with what I typed",
            "the filters do not work",
        ),
        "product": (
            "the {goods} broke after {few} days",
            "the {goods} does not match the description",
            "the quality of the {goods} is poor, not worth the money",
        ),
        "checkout": ("payment failed {few} times", "my voucher was refused without any reason"),
        "delivery": (
            "delivery took {days} days instead of two",
            "the tracking did not move for {days} days",
            "the parcel was left at the wrong address",
        ),
        "packaging": (
            "the box arrived crushed",
            "there was far too much plastic around one {goods}",
        ),
        "customer_service": (
            "I could not get past the chat bot",
            "customer service answered only in Chinese and did not help",
        ),
        "returns": (
            "there is still no refund after {days} days",
            "the return was rejected without a reason",
            "I had to pay the postage for a faulty {goods}",
            "the return form is a nightmare",
        ),
        "loyalty": ("my points expired without warning", "the member rules make no sense"),
    },
    glad=("very happy with my order", "my favourite place to shop", "everything was perfect"),
    sad=("not happy with this order", "would not buy here again", "really disappointed"),
    plain=("it was okay", "not bad", "fine for the price"),
    but=("{0}, but {1}", "{0}; however, {1}", "{0}, although {1}"),
    also=("{0}, and {1}", "{0}. Also, {1}"),
    thanks=("Will order again", "Thanks", "Recommended"),
    demand=("Please fix this", "I want my money back", "Do better"),
    contact=("Mail me at shopper{digits}@example.com.", "My number is +44 7700 900{digits}."),
    slots={
        "goods": ("jacket", "headset", "lamp", "backpack", "keyboard", "bottle", "pair of shoes"),
        "few": ("two", "three", "four"),
        "days": ("six", "eight", "ten", "12"),
        "payment": ("Alipay", "my card", "WeChat"),
        "digits": ("111", "222", "333", "444"),
    },
    stop=".",
    gap=" ",
)
