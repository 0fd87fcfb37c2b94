"""Chinese pages use the words of the glossary in CONTRIBUTING.zh-CN.md, one word for one thing."""

import re

import pytest

from data_tools.pages.texts import CLASS_NAMES, REVIEW_SCRIPT, TEXTS
from data_tools.report.rules_in_chinese import CHINESE
from helpers.source_files import ROOT

PAGES = ["README.zh-CN.md", "CONTRIBUTING.zh-CN.md", "data_tools/README.zh-CN.md"]
PAGES += [f"docs/zh/{path.name}" for path in sorted((ROOT / "docs/zh").glob("*.md"))]
ROW = re.compile(r"^\| (\S+) \| ([^|]+?) \|", re.M)
OTHER_WORDS = {  # word of the glossary -> words that stood in its place
    "图像对": ("样本对", "图片对", "对样本", "成对", "配对", "一对图像"),
    "不含扩展名的文件名": ("主干", "主文件名"),
    "评判网络": ("评审模型", "评审网络", "评判模型"),
    "核函数": ("内核", "算子核"),
    "批次": ("批大小", "批量大小"),
    "样例网格": ("样例图",),
    "标签图": ("标注图", "语义图", "分割图"),
    "上限": ("限值", "阈值"),
}
UNIDIOMATIC = ("平铺", "数字迁移")  # a folder without sub-folders; the transfer of a classifier of digits


def glossary():
    text = (ROOT / "CONTRIBUTING.zh-CN.md").read_text(encoding="utf-8")
    return dict(ROW.findall(text[text.index("## 术语表") :]))


def text_of_pages():
    """Everything that a Chinese reader of the pages in a browser sees."""
    texts = [each.zh for table in (TEXTS, REVIEW_SCRIPT, CLASS_NAMES) for each in table.values()]
    return "\n".join([*texts, *(part for pair in CHINESE.values() for part in pair)])


def test_both_glossaries_pair_the_same_words():
    english = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    pairs = re.findall(r"^\| ([^|]+?) \| (\S+) \|", english[english.index("## Glossary") :], re.M)
    assert {chinese: name for name, chinese in pairs if name != "English"} == {
        chinese: name for chinese, name in glossary().items() if chinese != "中文"
    }


@pytest.mark.parametrize("word", OTHER_WORDS)
def test_the_glossary_has_the_word(word):
    assert word in (ROOT / "CONTRIBUTING.zh-CN.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", [*PAGES, "the pages in a browser"])
def test_one_word_stands_for_one_thing(page):
    text = (ROOT / page).read_text(encoding="utf-8") if page in PAGES else text_of_pages()
    for word, others in OTHER_WORDS.items():
        assert not [other for other in others if other in text], f"{page}: write {word}"
    assert not [other for other in UNIDIOMATIC if other in text]
