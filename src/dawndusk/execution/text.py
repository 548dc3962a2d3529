"""A text to learn from: English-like prose and verse, made by rule from a seed.

Nothing is copied from any book; the sentences below are put together from lists of common
words, so the text is in the public domain and needs no download.
"""

import random
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import count

ALPHABET = "\n !\"'(),-.:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
"""The 65 characters that occur."""

SIZE = 1_000_000
"""Length of the text unless told otherwise, in characters."""


def _words(text: str) -> list[str]:
    return text.split()


def _phrases(text: str) -> list[str]:
    return text.strip().replace("\n", "|").split("|")


PEOPLE = _words("""
Anna Bertram Clara Dorian Edith Felix Greta Hugo Ines Jonas Katya Lewis Miriam Noah Olive Peter
Quentin Rosa Simon Thea Ulric Vera Walter Xenia Yusuf Zoe Agnes Boris Cecily Damian Esther Frank
""")
PLACES = _words("""
Ashford Bremen Corfu Dover Eastmere Fallow Gorsley Harwick Iverton Jutland Kestrel Lowmoor
Marlow Norwood Orkney Penrith Quarry Redcliff Selby Tarrow Upton Venice Westhaven Yarrow Zennor
""")
NOUNS = _words("""
sea house ship night hand river letter garden window fire road star voice mother father door
morning child bell stone lamp wind captain forest mountain city book field bridge winter horse
king friend island shadow table harbour tower brother sister song storm kitchen wheel boat dream
doctor village orchard mirror candle soldier church engine market clock cloud ladder apple
basket teacher wall rope sail spring stranger valley farmer ribbon bottle lantern meadow queen
sparrow thimble violin whistle anchor blanket copper drawer feather glacier hammer jacket kettle
lemon needle oven pillow quilt rabbit saddle telescope umbrella velvet widow
""")
ADJECTIVES = _words("""
old small dark quiet long cold young great white empty distant bright heavy warm strange grey
narrow golden tired green gentle broken silent early proud wooden bitter sudden pale hollow
brave clever dusty eager faithful glad hungry idle jealous kind lonely merry noble patient quick
rough simple tall upright vast wild yellow crooked frozen weary secret
""")
ADVERBS = _words("""
slowly again quietly never always often suddenly gently together still once alone softly almost
gladly hardly soon nearly bravely carefully eagerly kindly rarely sadly twice warmly wildly
""")
ACTIONS = _words("""
see:saw find:found hold:held carry:carried love:loved leave:left hear:heard open:opened
follow:followed lose:lost watch:watched remember:remembered build:built fear:feared keep:kept
draw:drew bring:brought forget:forgot mend:mended choose:chose know:knew touch:touched
answer:answered cross:crossed hide:hid paint:painted catch:caught bury:buried praise:praised
teach:taught visit:visited warn:warned join:joined steal:stole measure:measured
""")
MOTIONS = _words("""
come:came go:went sleep:slept wait:waited stand:stood fall:fell sing:sang turn:turned rise:rose
return:returned wander:wandered laugh:laughed burn:burned tremble:trembled sail:sailed
work:worked vanish:vanished listen:listened dance:danced weep:wept speak:spoke rest:rested
sigh:sighed run:ran swim:swam kneel:knelt
""")
SAYING = _words("said asked cried whispered replied thought shouted murmured answered")
NEAR = _words("in under beyond behind beside near above through across before from towards over")
LINKS = _phrases("and|but|for|while|because|until|so|though|as if|where")
OPENINGS = _phrases("""
In the morning|At last|That evening|Long ago|After the rain|Every spring|One day|For a moment
By and by|Before the war|At midnight|In those years|Without a word|Far away|The next day
Once more|Of all this|Even so
""")
TITLES = _phrases("""
The Return|A Winter Journey|The Lighthouse|Two Brothers|The Long Road|An Evening|The Orchard
Under the Stars|A Letter Home|The Last Ship|Voices|The Quiet House
""")
RHYMES = _phrases("""
night light bright sight white|sea free tree me key|day away grey stay play
stone alone unknown bone grown|rain again pane lane plain|sky high by cry die
sound ground found round bound|fire desire higher choir spire|sleep deep keep weep steep
gold cold told old hold|rest west breast guest best|air there fair hair prayer
flow snow go slow know|sing ring spring king bring|hand land sand stand grand
""")


def _past(verb: str) -> str:
    return verb.split(":")[1]


def _third(verb: str) -> str:
    """The present of he, she and it."""
    base = verb.split(":")[0]
    if base.endswith("y") and base[-2] not in "aeiou":
        return base[:-1] + "ies"
    return base + ("es" if base.endswith(("s", "sh", "ch", "x", "o")) else "s")


def _plural(noun: str) -> str:
    if noun == "child":
        return "children"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "sh", "ch", "x")) else "s")


def _article(words: str) -> str:
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"


class _Writer:
    """Draws words; a paragraph keeps its people, its place, its things and its tense."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.new_scene()

    def below(self, bound: float) -> bool:
        return self.random.random() < bound

    def pick(self, words: Sequence[str]) -> str:
        return words[int(self.random.random() * len(words))]

    def frequent(self, words: Sequence[str]) -> str:
        """Early words of a list far more often than late ones, as in real text."""
        return words[int(self.random.random() ** 2.5 * len(words))]

    def new_scene(self) -> None:
        self.hero, self.other = self.pick(PEOPLE), self.pick(PEOPLE)
        while self.other == self.hero:
            self.other = self.pick(PEOPLE)
        self.she = self.hero[-1] in "aehs"
        self.place = self.pick(PLACES)
        self.things = [self.frequent(NOUNS) for _ in range(3)]
        self.conjugate = _third if self.below(0.25) else _past

    def noun(self) -> str:
        return self.pick(self.things) if self.below(0.4) else self.frequent(NOUNS)

    def named(self) -> str:
        """A thing with its article and perhaps an adjective."""
        noun = self.noun()
        words = f"{self.frequent(ADJECTIVES)} {noun}" if self.below(0.35) else noun
        if self.below(0.25):
            return _article(words)
        if self.below(0.2):
            return f"{'her' if self.she else 'his'} {words}"
        return f"the {_plural(words) if self.below(0.12) else words}"

    def where(self) -> str:
        return f"in {self.place}" if self.below(0.12) else f"{self.frequent(NEAR)} {self.named()}"

    def subject(self) -> str:
        draw = self.random.random()
        if draw < 0.3:
            return "she" if self.she else "he"
        if draw < 0.5:
            return self.hero
        return self.other if draw < 0.6 else self.singular()

    def singular(self) -> str:
        return (
            f"the {self.frequent(ADJECTIVES)} {self.noun()}"
            if self.below(0.3)
            else (f"the {self.noun()}")
        )

    def predicate(self) -> str:
        adverb = f" {self.frequent(ADVERBS)}" if self.below(0.2) else ""
        if self.below(0.45):
            return f"{self.conjugate(self.frequent(MOTIONS))}{adverb} {self.where()}"
        words = f"{self.conjugate(self.frequent(ACTIONS))} {self.named()}{adverb}"
        return f"{words} {self.where()}" if self.below(0.35) else words

    def clause(self) -> str:
        return f"{self.subject()} {self.predicate()}"

    def sentence(self) -> str:
        draw = self.random.random()
        if draw < 0.12:
            return self.speech()
        if draw < 0.17:
            return f"Where is {self.named()}, and who will {self.base()} it?"
        if draw < 0.20:
            return f"How {self.frequent(ADJECTIVES)} {self.singular()} seemed!"
        words = self.clause()
        if draw < 0.45:
            words += f", {self.frequent(LINKS)} {self.clause()}"
        elif draw < 0.53:
            words += f"; {self.clause()}"
        elif draw < 0.57:
            words += f" ({self.clause()})"
        elif draw < 0.61:
            words += f": {self.named()}, {self.named()} and {self.named()}"
        elif draw < 0.64:
            words += f" - {self.frequent(ADVERBS)}"
        if self.below(0.15):
            words = f"{self.frequent(OPENINGS)} {words}"
        return words[0].upper() + words[1:] + "."

    def base(self) -> str:
        return self.frequent(ACTIONS).split(":")[0]

    def speech(self) -> str:
        verb = self.frequent(SAYING)
        if self.below(0.3):
            words = f"Will you {self.base()} {self.named()} {self.where()}?"
        elif self.below(0.4):
            words = f"I don't {self.base()} {self.named()},"
        else:
            words = f"We must {self.base()} {self.named()}, {self.other},"
        return f'"{words}" {verb} {self.hero}.'

    def paragraph(self) -> str:
        length = 3 + int(self.random.random() * 6)
        return " ".join(self.sentence() for _ in range(length)) + "\n\n"

    def line(self, rhyme: str) -> str:
        draw = self.random.random()
        if draw < 0.35:
            words = f"{self.frequent(LINKS)} {self.clause()}"
        elif draw < 0.7:
            words = f"o {self.frequent(ADJECTIVES)} {self.noun()}, {self.where()}"
        else:
            words = f"{self.singular()} {self.conjugate(self.frequent(MOTIONS))}"
        words = f"{words} {self.pick(('and the', 'to the', 'of the', 'like the'))} {rhyme}"
        return words[0].upper() + words[1:]

    def stanza(self) -> str:
        first, second = self.pick(RHYMES).split(), self.pick(RHYMES).split()
        ends = self.pick(first), self.pick(second), self.pick(first), self.pick(second)
        marks = (",", ";", ",", ".")
        return "".join(f"{self.line(e)}{m}\n" for e, m in zip(ends, marks, strict=True)) + "\n"

    def chapter(self) -> Iterator[str]:
        yield f"{self.pick(TITLES).upper() if self.below(0.5) else self.pick(TITLES)}\n\n"
        for _ in range(4 + int(self.random.random() * 5)):
            self.new_scene()
            yield from (self.paragraph() for _ in range(1 + int(self.random.random() * 3)))
            if self.below(0.35):
                yield from (self.stanza() for _ in range(1 + int(self.random.random() * 3)))


@lru_cache(maxsize=4)
def prose(size: int = SIZE, seed: int = 1) -> str:
    """Text of chapters with scenes, speech and rhymed verse, the same for the same seed.

    Args:
        size: number of characters [-]
        seed: of the generator [-]
    Returns:
        text of `ALPHABET`'s characters [-]
    Raises:
        ValueError: when the size is not positive
    Neglects:
        sense: grammar, names, tense and rhyme hold over a scene, meaning does not
    Source:
        word lists written for this package; early words of a list are drawn more often, as
        Zipf, Human Behavior and the Principle of Least Effort, 1949, found in real text
    """
    if size < 1:
        raise ValueError(f"size: {size} characters; allowed: 1 or more; ask for more text")
    writer = _Writer(seed)
    parts: list[str] = []
    written = 0
    for part in (part for _ in count() for part in writer.chapter()):
        parts.append(part)
        written += len(part)
        if written >= size:
            break
    return "".join(parts)[:size]
