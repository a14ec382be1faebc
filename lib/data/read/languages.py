"""Letters and words of languages, and the encodings that their files are found in."""

from __future__ import annotations

from dataclasses import dataclass

WEST = ("cp1252", "iso8859_15", "mac_roman", "cp850")
CENTRAL = ("cp1250", "iso8859_2", "cp852", "mac_latin2")
TURKISH = ("cp1254", "iso8859_9", "cp857", "mac_turkish")
BALTIC = ("cp1257", "iso8859_13", "cp775", "iso8859_4")
CYRILLIC = ("cp1251", "koi8_r", "koi8_u", "iso8859_5", "cp866", "mac_cyrillic")
GREEK = ("cp1253", "iso8859_7", "cp737", "mac_greek")

COMMON_ENCODINGS = frozenset(
    [
        "cp1252",
        "cp1250",
        "iso8859_2",
        "cp1254",
        "iso8859_9",
        "cp1257",
        "iso8859_13",
        "cp1258",
        "cp1251",
        "koi8_r",
        "koi8_u",
        "cp1253",
        "iso8859_7",
        "cp1255",
        "cp1256",
        "cp874",
        "gb18030",
        "big5hkscs",
        "cp932",
        "euc_jp",
        "cp949",
    ]
)
"""Encodings that spreadsheets and editors write today; any other one has to fit better to be taken."""

TITLES = {
    "cp932": "shift_jis",
    "cp949": "euc-kr",
    "big5hkscs": "big5",
    "euc_jp": "euc-jp",
    "koi8_r": "koi8-r",
    "koi8_u": "koi8-u",
}
"""Names that people know for codecs of Python which read the same and more."""


@dataclass(frozen=True)
class Language:
    """One language. letters: those outside ASCII; the frequent ones where it has no Latin letters."""

    name: str
    encodings: tuple[str, ...]
    letters: frozenset[str]
    words: frozenset[str]
    script: str = "LATIN"
    """First word of the Unicode names of its letters."""

    @property
    def is_latin(self) -> bool:
        """Whether it is written in Latin letters, of which most are ASCII."""
        return self.script == "LATIN"


def _language(name: str, encodings: tuple[str, ...], letters: str, words: str = "", script: str = "LATIN") -> Language:
    return Language(name, encodings, frozenset(letters.replace(" ", "")), frozenset(words.split()), script)


LANGUAGES: tuple[Language, ...] = (
    _language("several Western languages", WEST, "äöüßéèùàâêîôûçëïœáíóúñãõìòåæøªº"),
    _language(
        "English", WEST, "éèïçàñöü", "the of and to in is that it for on with as are this be you how what can do"
    ),
    _language(
        "German",
        WEST,
        "äöüßé",
        "der die das und ist nicht ein eine zu den mit für von auf im sich wie ich sie werden es über können für wird oder kann",
    ),
    _language(
        "French",
        WEST,
        "éèàùâêîôûçëïœæü",
        "le la les de des et est un une pour dans que qui sur du en pas au ce avec où à il elle je vous mon ma être même comment",
    ),
    _language(
        "Spanish",
        WEST,
        "áéíóúüñªº",
        "el la los las de que y en un una por con para es no se del al lo como su cómo qué dónde está más también",
    ),
    _language(
        "Portuguese",
        WEST,
        "ãõçáéíóúâêôàüªº",
        "o a os as de que e em um uma para com não do da no na por se como é à são está você",
    ),
    _language(
        "Italian",
        WEST,
        "àèéìòùîóú",
        "il la le di che e un una per non con del della è si in da sono come al più perché può",
    ),
    _language("Catalan", WEST, "àèéíòóúçïü", "el la els les de que i en un una per amb no es del al com és a"),
    _language("Dutch", WEST, "ëéèïöüóáê", "de het een en van is dat te niet in op voor met zijn die aan er om hoe je"),
    _language("Swedish", WEST, "åäöé", "och att det en är som för på med av den inte till om ett jag hur kan du i"),
    _language("Danish", WEST, "æøåé", "og at det en er som for på med af den ikke til om et jeg hvordan kan du i"),
    _language("Norwegian", WEST, "æøåéòô", "og at det en er som for på med av den ikke til om et jeg hvordan kan du i"),
    _language("Finnish", WEST, "äöå", "ja on ei se että hän oli mutta ovat kun niin myös mitä miten voi tai jos kuin"),
    _language(
        "Icelandic", WEST, "áéíóúýðþæö", "og að er í á ekki við það sem um til en hann með fyrir var af eru hvernig ég"
    ),
    _language(
        "Polish",
        CENTRAL,
        "ąćęłńóśźż",
        "i w z na się do nie to jest że jak o co czy po dla od są można przez ile za lub",
    ),
    _language(
        "Czech",
        CENTRAL,
        "áčďéěíňóřšťúůýž",
        "a v se na je že to s z do jak i o pro si za jsem ve co ne nebo od při který po může být",
    ),
    _language(
        "Slovak",
        CENTRAL,
        "áäčďéíĺľňóôŕšťúýž",
        "a v sa na je že to s z do ako i o pre si za som vo čo nie alebo od pri ktorý po",
    ),
    _language(
        "Hungarian",
        CENTRAL,
        "áéíóöőúüű",
        "a az és hogy nem is egy van meg ez de csak mint kell vagy el ha hogyan mi milyen több után által",
    ),
    _language(
        "Romanian",
        (*CENTRAL, "iso8859_16"),
        "ăâîşţșțé",
        "de și şi în la a o un nu este că cu pe din pentru care mai se cum sunt sau ce",
    ),
    _language("Slovene", CENTRAL, "čšžćđ", "je in v na se da za ne so z ki kako ali pa kaj od po pri lahko iz do tudi"),
    _language(
        "Croatian", CENTRAL, "čćđšž", "je i u na se da za ne su s koji kako ili što od po pri može iz do li sam to"
    ),
    _language("Albanian", ("cp1252", "cp1250"), "ëç", "të e në i dhe për me një që nga është si nuk ka do më se"),
    _language(
        "Turkish",
        TURKISH,
        "çğıöşüâîûi̇",
        "ve bir bu için ile da de ne çok nasıl mi mı nerede olarak kadar gibi daha var en ya",
    ),
    _language(
        "Lithuanian",
        BALTIC,
        "ąčęėįšųūž",
        "ir yra kad su iš į tai kaip ne o bet už ar nuo per kur man jis būti apie kas",
    ),
    _language(
        "Latvian",
        BALTIC,
        "āčēģīķļņšūžō",
        "un ir ka ar no uz par kā lai to es tas nav vai kur bet pēc kas viņš tiek pie",
    ),
    _language(
        "Estonian",
        (*BALTIC, "cp1252"),
        "äõöüšž",
        "ja on ei et see ta kui oli ka mis oma kuidas kas või ning aga nii kus mida",
    ),
    _language(
        "Vietnamese",
        ("cp1258",),
        "àáâãèéêìíòóôõùúýăđĩũơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ",
        "và là của có không một được cho các trong này tôi với để người như những khi đã ở làm thế nào",
    ),
    _language(
        "Russian", CYRILLIC, "оеаинтсрвлкм", "и в не на что с как по это у к из для за от где или но бы мне", "CYRILLIC"
    ),
    _language(
        "Ukrainian", CYRILLIC, "оаниіветрслк", "і в не на що з як до це та у для за від де або але є ми про", "CYRILLIC"
    ),
    _language(
        "Belarusian", CYRILLIC, "анеіоырстклдў", "і ў не на што з як да гэта у для за ад дзе або але ці", "CYRILLIC"
    ),
    _language(
        "Bulgarian",
        CYRILLIC,
        "аоиетнрсвлкдъ",
        "и на да се за в не от е с по как това ще са или че до при къде",
        "CYRILLIC",
    ),
    _language(
        "Serbian",
        ("cp1251", "iso8859_5"),
        "аоиенрстујвкћђ",
        "и је у на се да за не су са како који од што или",
        "CYRILLIC",
    ),
    _language(
        "Greek",
        GREEK,
        "αοιετσνηυρπκμλόάίέής",
        "και το η να του της για με που την είναι από τα στο δεν ο σε θα πως",
        "GREEK",
    ),
    _language(
        "Hebrew",
        ("cp1255", "iso8859_8"),
        "יוהלאתמרשבנםדק",
        "של את על לא זה עם אני הוא היא כי מה איך יש או גם",
        "HEBREW",
    ),
    _language(
        "Arabic",
        ("cp1256", "iso8859_6"),
        "ايلموننرتبهدعسةكفقأ",
        "في من على إلى أن هذا ما عن هل كيف مع لا هو التي كان",
        "ARABIC",
    ),
    _language(
        "Persian", ("cp1256",), "ایهنردمتشوسکبگلچپ", "و در به از که این را با است برای یک چه چگونه می آن تا", "ARABIC"
    ),
    _language("Thai", ("cp874",), "านรอกเงมยลวดทสตะปบคหแ่้ีัิ็์ุู", "", "THAI"),
    _language(
        "Chinese",
        ("gb18030",),
        "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种"
        "事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民"
        "什怎哪请问需吗号使加设置打开关闭更换电话服务办理怎样",
        "",
        "CJK",
    ),
    _language(
        "Chinese (traditional)",
        ("big5hkscs",),
        "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種"
        "事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日者意無力它與長把機十民"
        "什怎哪請問需嗎號使加設置打關閉更換電話服務辦理",
        "",
        "CJK",
    ),
    _language(
        "Japanese",
        ("cp932", "euc_jp"),
        "のにはをたがでてとしれさあるいかならもこすりきくっまんよせえうおどけだちめやわそつみろごばへびずむじげぎぐべぶ"
        "ーンスルトリアイクラッドシレジタフロカテムバプコサマ日本人年大一国会中出",
        "",
        "HIRAGANA",
    ),
    _language(
        "Korean",
        ("cp949",),
        "이다는을의에가고하지한를사로은도기나어자니시서리아대그스있것수인부해일라정만보게들주전제여장과으요구소상원무습어까"
        "떻안면세비저중관국세신내거방용동조공모경",
        "",
        "HANGUL",
    ),
)
