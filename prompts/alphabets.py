"""How letters are told by telephone: their names and the words that stand for them, by language.

The line speaks a letter with the first of its words ("A come Ancona"); `ivr.intents.spelling` understands all of them.
Italian: the cities of the telephone alphabet as used in Italy (there is no norm; several stand for one letter). English: the
radiotelephony alphabet of ICAO Annex 10, volume II, 5.2.1.3, and the words that people use in its place.
"""

from collections.abc import Mapping
from types import MappingProxyType

# Letter -> the words that stand for it; the first is the one that the line says.
WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "it": {
            "A": ("Ancona", "Aosta"),
            "B": ("Bologna", "Bari", "Brescia", "Bergamo"),
            "C": ("Como", "Catania", "Cagliari"),
            "D": ("Domodossola", "Dado"),
            "E": ("Empoli", "Enna", "Europa"),
            "F": ("Firenze", "Ferrara", "Foggia"),
            "G": ("Genova", "Gorizia"),
            "H": ("Hotel",),
            "I": ("Imola", "Imperia"),
            "J": ("Jolly", "Jersey", "Juventus"),
            "K": ("Kursaal", "Kenya", "Kilo"),
            "L": ("Livorno", "Lecce", "Lucca"),
            "M": ("Milano", "Modena", "Messina"),
            "N": ("Napoli", "Novara"),
            "O": ("Otranto", "Oristano"),
            "P": ("Palermo", "Padova", "Pisa", "Parma", "Perugia"),
            "Q": ("Quaderno", "Quarto"),
            "R": ("Roma", "Rimini", "Ravenna"),
            "S": ("Savona", "Salerno", "Siena", "Sassari"),
            "T": ("Torino", "Taranto", "Trento", "Trieste"),
            "U": ("Udine", "Urbino"),
            "V": ("Venezia", "Verona", "Varese"),
            "W": ("Washington", "Whisky", "Whiskey"),
            "X": ("Xeres", "Xilofono", "Xenia"),
            "Y": ("York", "Yacht", "Yogurt"),
            "Z": ("Zara", "Zurigo", "Zebra"),
        },
        "en": {
            "A": ("Alpha", "Alfa", "Apple"),
            "B": ("Bravo", "Boy"),
            "C": ("Charlie", "Cat"),
            "D": ("Delta", "David", "Dog"),
            "E": ("Echo", "Edward"),
            "F": ("Foxtrot", "Freddie"),
            "G": ("Golf", "George"),
            "H": ("Hotel", "Harry"),
            "I": ("India",),
            "J": ("Juliett", "Juliet"),
            "K": ("Kilo",),
            "L": ("Lima",),
            "M": ("Mike", "Mother"),
            "N": ("November", "Nellie"),
            "O": ("Oscar",),
            "P": ("Papa", "Peter"),
            "Q": ("Quebec", "Queen"),
            "R": ("Romeo", "Robert"),
            "S": ("Sierra", "Sugar"),
            "T": ("Tango", "Tommy"),
            "U": ("Uniform",),
            "V": ("Victor",),
            "W": ("Whiskey", "Whisky", "William"),
            "X": ("X-ray", "Xray"),
            "Y": ("Yankee", "Yellow"),
            "Z": ("Zulu", "Zebra"),
        },
    }
)
# Name of a letter, as it is said and as recognisers write it -> the letter. A letter is a name of itself.
NAMES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "it": {
            "bi": "B",
            "ci": "C",
            "di": "D",
            "effe": "F",
            "gi": "G",
            "acca": "H",
            "gei": "J",
            "i lunga": "J",
            "i lungo": "J",
            "cappa": "K",
            "kappa": "K",
            "elle": "L",
            "emme": "M",
            "enne": "N",
            "pi": "P",
            "qu": "Q",
            "cu": "Q",
            "ku": "Q",
            "erre": "R",
            "esse": "S",
            "ti": "T",
            "vu": "V",
            "vi": "V",
            "doppia vu": "W",
            "doppio vu": "W",
            "vu doppia": "W",
            "vu doppio": "W",
            "doppia v": "W",
            "ics": "X",
            "ix": "X",
            "ipsilon": "Y",
            "i greca": "Y",
            "i greco": "Y",
            "zeta": "Z",
        },
        "en": {
            "ay": "A",
            "bee": "B",
            "be": "B",
            "cee": "C",
            "see": "C",
            "sea": "C",
            "dee": "D",
            "ee": "E",
            "eff": "F",
            "ef": "F",
            "gee": "G",
            "aitch": "H",
            "haitch": "H",
            "eye": "I",
            "jay": "J",
            "kay": "K",
            "el": "L",
            "ell": "L",
            "em": "M",
            "en": "N",
            "oh": "O",
            "pee": "P",
            "cue": "Q",
            "queue": "Q",
            "ar": "R",
            "are": "R",
            "ess": "S",
            "tee": "T",
            "tea": "T",
            "you": "U",
            "vee": "V",
            "double u": "W",
            "double you": "W",
            "ex": "X",
            "why": "Y",
            "wye": "Y",
            "zed": "Z",
            "zee": "Z",
        },
    }
)
# What stands between a letter and its word when the line says it.
AS: Mapping[str, str] = MappingProxyType({"it": "come", "en": "for"})


def spelled(letter: str, language: str) -> str:
    """Return how a letter is told: "A come Ancona", "B for Bravo"."""
    return f"{letter} {AS[language]} {WORDS[language][letter][0]}"
