"""Common column names in training data, in the larger languages, the most specific first.

They are compared as `column_key` spells them. Names of one role in further languages follow the English ones.
"""

from __future__ import annotations

import re
import unicodedata

from lib.data.normalisation import words


def column_key(name: object) -> str:
    """Write a name in one spelling: question_1 and Question 1 are question1, Réponse is reponse."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", str(name))
    folded = unicodedata.normalize("NFKD", spaced.casefold().replace("ı", "i").replace("ł", "l"))
    # only the accents of Latin, Greek and Cyrillic: a vowel sign of Hindi or Thai is a letter of its word
    bare = unicodedata.normalize("NFC", "".join(letter for letter in folded if not "\u0300" <= letter <= "\u036f"))
    joined = "".join(
        letter if letter.isalnum() or unicodedata.combining(letter) or _is_mark(letter) else "_" for letter in bare
    )
    return re.sub(r"_(?=\d+$)", "", re.sub(r"_+", "_", joined).strip("_"))


def _is_mark(letter: str) -> bool:
    return unicodedata.category(letter)[0] == "M"


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(column_key(word) for word in words(text)))


ANCHOR_NAMES = _names(
    "source_sentence source_text anchor query queries question title_question user_query search_query premise sentence1 "
    "sentence_a sentence text_a text1 source src input prompt instruction title heading headline headword term summary q subject issue problem "
    "titel titre título titolo tytuł başlık заголовок 标题 標題 タイトル 제목 输入 輸入 入力 提問 文本1 文書1 "
    "frage fragen anfrage suchanfrage pregunta preguntas consulta requête demande domanda quesito "
    "pergunta vraag zoekvraag pytanie zapytanie soru sorgu вопрос запрос питання въпрос otázka dotaz kérdés "
    "întrebare fråga spørgsmål spørsmål kysymys ερώτηση câu_hỏi pertanyaan soalan tanong swali "
    "问题 問題 提问 查询 查詢 问 質問 クエリ 問い 질문 질의 문의 السؤال سؤال استعلام سوال پرسش שאלה प्रश्न सवाल প্রশ্ন கேள்வி ప్రశ్న "
    "คำถาม ಪ್ರಶ್ನೆ ചോദ്യം satz1 phrase1 frase1 zin1 zdanie1 предложение1 句子1 文1 문장1"
)
POSITIVE_NAMES = _names(
    "target_sentence target_text positive pos chosen positive_passage answer answers resolution document doc passage context response reply "
    "hypothesis sentence2 sentence_b text_b text2 target tgt output completion product_title product_name product_description "
    "item item_title body description content text article solution a "
    "antwort antworten lösung loesung beschreibung descripción descrizione descrição opis решение описание 答复 答覆 输出 輸出 "
    "出力 説明 描述 解决方案 文本2 文書2 dokument respuesta respuestas réponse réponses reponse risposta risposte resposta respostas "
    "antwoord antwoorden odpowiedź odpowiedzi cevap yanıt ответ ответы відповідь отговор odpověď odpoveď válasz răspuns "
    "svar vastaus απάντηση câu_trả_lời trả_lời jawaban jawapan sagot jibu documento document tekst "
    "答案 回答 答 回复 回覆 文档 段落 回答文 応答 답변 대답 응답 답 الجواب جواب الإجابة إجابة رد پاسخ תשובה उत्तर जवाब উত্তর பதில் జవాబు "
    "คำตอบ ಉತ್ತರ ഉത്തരം satz2 phrase2 frase2 zin2 zdanie2 предложение2 句子2 文2 문장2"
)
NEGATIVE_NAME = re.compile(
    r"((hard_?)?neg(ative|ativ|atif|ativo|atief)?s?(_?(passage|document|doc|text|sentence|answer))?"
    r"|(wrong|incorrect|false|bad|rejected|irrelevant|non_?relevant|unrelated)"
    r"(_(answer|passage|document|doc|text|sentence|response))?s?|distractors?"
    r"|falsche?(_antworte?n?)?|fausse_reponse|respuesta_(incorrecta|falsa)|risposta_(errata|sbagliata)"
    r"|resposta_(errada|incorreta)|错误答案|負例|负例|неверный_ответ)(_?\d+)?"
)
PLACEHOLDER_NAME = re.compile(r"(column|col|field|spalte|unnamed|c|v|x|f)?_?\d+")
"""Names that a reader gives to columns without a header: they say nothing."""
TEXT_NAMES = _names(
    "text texts sentence utterance message question query content comment review body document title description "
    "satz nachricht kommentar texto frase mensaje phrase texte message testo frase messaggio mensagem tekst zin bericht "
    "zdanie metin cümle текст предложение 文本 句子 内容 テキスト 文章 文 텍스트 문장 نص पाठ वाक्य ข้อความ"
)
LABEL_NAMES = _names(
    "label_text label_name class_name intent category class label labels topic tag target department gold_label "
    "klasse kategorie thema absicht clase categoría etiqueta tema classe catégorie étiquette categoria etichetta rótulo "
    "categorie klasa kategoria etykieta sınıf kategori etiket класс категория метка 类别 標籤 标签 分类 カテゴリ ラベル "
    "클래스 라벨 분류 فئة تصنيف श्रेणी"
)
PAIR_LABEL_NAMES = _names(
    "is_duplicate duplicate similar is_similar same is_same match is_match paraphrase is_paraphrase is_relevant relevant "
    "gold_label label labels class relation judgment judgement entailment entailment_judgment correct is_correct "
    "esci_label target relevance verdict gleich duplikat ähnlich relevanz label_text etikett "
    "igual duplicado similar relevante identique doublon pertinent uguale duplicato simile rilevante "
    "gelijk duplicaat taki_sam duplikat aynı benzer похожи дубликат совпадает 标签 是否相同 是否相关 是否匹配 是否重复 相似 同じ ラベル 라벨 동일"
)
GENERIC_LABEL_NAMES = frozenset(
    _names("label labels label_text label_name class class_name intent gold_label klasse clase classe etikett")
)
"""Labels that say as little about a pair of texts as about one text: beside a title and its text, the label is the text's."""
TITLE_NAMES = _names("title heading headline titel titre título titolo tytuł başlık заголовок 标题 標題 タイトル 제목")
SCORE_NAMES = _names(
    "score scores similarity similarity_score sim cosine cos cos_sim relatedness relatedness_score rating gold_score relevance "
    "relevance_score relevance_grade relevance_label grade graded_relevance gain target label labels value quality "
    "ähnlichkeit bewertung punktzahl punkte relevanz wert similitud puntuación puntaje relevancia similarité pertinence "
    "note somiglianza similarità punteggio rilevanza similaridade pontuação relevância nota gelijkenis overeenkomst "
    "relevantie podobieństwo ocena wynik benzerlik puan skor сходство схожесть оценка релевантность "
    "相似度 分数 得分 评分 相关性 類似度 スコア 関連度 유사도 점수 관련도 تشابه درجة समानता अंक"
)
DISTANCE_NAMES = _names(
    "distance dist cosine_distance euclidean_distance edit_distance levenshtein hamming wmd dissimilarity divergence "
    "abstand distanz entfernung "
    "distancia distanza distância afstand odległość uzaklık mesafe расстояние 距离 距離 거리"
)
"""Numbers that are small where two texts mean the same."""
VALUE_WORDS = frozenset(
    _names(
        "score scores similarity sim relatedness relevance grade rating label labels judgment judgement match duplicate same"
    )
) | frozenset(name for name in DISTANCE_NAMES if "_" not in name)
"""Parts of names of columns that say how two texts relate: human_score, relevance_judgement, l2_distance."""
GROUP_NAMES = _names(
    "group group_id groups thread thread_id cluster cluster_id conversation conversation_id document_id doc_id"
)
SPLIT_NAMES = _names("split part fold subset partition set")
METADATA_NAMES = frozenset(
    _names(
        "id ids uid uuid guid key hash md5 sha idx index no nr num number row row_id rownum line pid qid docid "
        "qid1 qid2 lang language locale source origin dataset domain url uri link href file filename path date time "
        "datetime timestamp created updated year month author user name email version category topic tag tags type "
        "genre channel country region city code platform update updated_at created_at changed section chapter os license "
        "licence gender device status state_code currency  product brand page length len tokens chars words_count count votes upvotes downvotes views "
        "likes sprache quelle datum kategorie thema lfd_nr nummer idioma fuente fecha langue source_url lingua data "
        "taal bron język язык дата источник 编号 序号 语言 来源 日期 番号 言語 번호 언어 "
        + " ".join((*GROUP_NAMES, *SPLIT_NAMES))
    )
)
"""Names, and parts of names, of columns that describe a row and say nothing about how its texts relate."""
OPPOSITE_WORDS = frozenset(
    _names(
        "wrong incorrect error irrelevant unrelated different dissimilar mismatch negative neg false bad rejected invalid not non "
        "no falsch verschieden anders unterschiedlich nicht incorrecto errado sbagliato faux différent 错误 不同 неверно"
    )
)
"""Parts of names of columns whose yes says that two texts do not belong together: is_wrong, not_duplicate."""
NLI_NAMES = frozenset(_names("premise hypothesis prämisse hypothese premisa hipótesis prémisse hypothèse"))
"""Columns whose labels 0, 1 and 2 are entailment, neutral and contradiction, as SNLI and MNLI write them."""
