#include "data/features/text/stop_words.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace lockstep::data {
namespace {

using Word = std::string_view;

constexpr Word kEnglish[] = {
    "a",          "about",    "above",     "after",    "again",     "against",    "all",
    "am",         "an",       "and",       "any",      "are",       "aren't",     "as",
    "at",         "be",       "because",   "been",     "before",    "being",      "below",
    "between",    "both",     "but",       "by",       "can",       "can't",      "cannot",
    "could",      "couldn't", "did",       "didn't",   "do",        "does",       "doesn't",
    "doing",      "don",      "don't",     "down",     "during",    "each",       "few",
    "for",        "from",     "further",   "had",      "hadn't",    "has",        "hasn't",
    "have",       "haven't",  "having",    "he",       "he'd",      "he'll",      "he's",
    "her",        "here",     "here's",    "hers",     "herself",   "him",        "himself",
    "his",        "how",      "how's",     "i",        "i'd",       "i'll",       "i'm",
    "i've",       "if",       "in",        "into",     "is",        "isn't",      "it",
    "it's",       "its",      "itself",    "just",     "let's",     "me",         "more",
    "most",       "mustn't",  "my",        "myself",   "no",        "nor",        "not",
    "now",        "of",       "off",       "on",       "once",      "only",       "or",
    "other",      "ought",    "our",       "ours",     "ourselves", "out",        "over",
    "own",        "s",        "same",      "shan't",   "she",       "she'd",      "she'll",
    "she's",      "should",   "shouldn't", "so",       "some",      "such",       "t",
    "than",       "that",     "that's",    "the",      "their",     "theirs",     "them",
    "themselves", "then",     "there",     "there's",  "these",     "they",       "they'd",
    "they'll",    "they're",  "they've",   "this",     "those",     "through",    "to",
    "too",        "under",    "until",     "up",       "very",      "was",        "wasn't",
    "we",         "we'd",     "we'll",     "we're",    "we've",     "were",       "weren't",
    "what",       "what's",   "when",      "when's",   "where",     "where's",    "which",
    "while",      "who",      "who's",     "whom",     "why",       "why's",      "will",
    "with",       "won't",    "would",     "wouldn't", "you",       "you'd",      "you'll",
    "you're",     "you've",   "your",      "yours",    "yourself",  "yourselves",
};
static_assert(std::size(kEnglish) == 181);

constexpr Word kGerman[] = {
    "aber",      "alle",     "allem",    "allen",     "aller",     "alles",     "als",
    "also",      "am",       "an",       "andere",    "anderem",   "anderen",   "anderer",
    "anderes",   "auch",     "auf",      "aus",       "bei",       "beim",      "bevor",
    "bin",       "bis",      "bist",     "da",        "damit",     "dann",      "darf",
    "das",       "dass",     "dasselbe", "daß",       "dein",      "deine",     "deinem",
    "deinen",    "deiner",   "deines",   "dem",       "demselben", "den",       "denn",
    "denselben", "der",      "derselbe", "derselben", "des",       "desselben", "dich",
    "die",       "diese",    "dieselbe", "dieselben", "diesem",    "diesen",    "dieser",
    "dieses",    "dir",      "doch",     "dort",      "du",        "durch",     "durfte",
    "dürfen",    "ein",      "eine",     "einem",     "einen",     "einer",     "eines",
    "einige",    "einigem",  "einigen",  "einiger",   "einiges",   "einmal",    "er",
    "es",        "etwas",    "euch",     "euer",      "eure",      "eurem",     "euren",
    "eurer",     "eures",    "für",      "gegen",     "gehabt",    "gewesen",   "geworden",
    "habe",      "haben",    "habt",     "hast",      "hat",       "hatte",     "hatten",
    "hattest",   "hattet",   "her",      "hier",      "hin",       "hinter",    "hätte",
    "hätten",    "ich",      "ihm",      "ihn",       "ihnen",     "ihr",       "ihre",
    "ihrem",     "ihren",    "ihrer",    "ihres",     "im",        "in",        "indem",
    "ins",       "ist",      "jede",     "jedem",     "jeden",     "jeder",     "jedes",
    "jene",      "jenem",    "jenen",    "jener",     "jenes",     "jetzt",     "kann",
    "kannst",    "kein",     "keine",    "keinem",    "keinen",    "keiner",    "keines",
    "konnte",    "konnten",  "können",   "könnt",     "könnte",    "könnten",   "mag",
    "man",       "manche",   "manchem",  "manchen",   "mancher",   "manches",   "mein",
    "meine",     "meinem",   "meinen",   "meiner",    "meines",    "mich",      "mir",
    "mit",       "muss",     "musst",    "musste",    "mussten",   "muß",       "möchte",
    "möchten",   "mögen",    "müssen",   "nach",      "neben",     "nicht",     "nichts",
    "noch",      "nun",      "nur",      "ob",        "oder",      "ohne",      "schon",
    "sehr",      "seid",     "sein",     "seine",     "seinem",    "seinen",    "seiner",
    "seines",    "seit",     "selbst",   "sich",      "sie",       "sind",      "so",
    "solche",    "solchem",  "solchen",  "solcher",   "solches",   "soll",      "sollen",
    "sollte",    "sollten",  "sondern",  "sowie",     "um",        "und",       "uns",
    "unser",     "unsere",   "unserem",  "unseren",   "unserer",   "unseres",   "unter",
    "viel",      "vom",      "von",      "vor",       "wann",      "war",       "waren",
    "warst",     "wart",     "warum",    "was",       "weder",     "weil",      "weiter",
    "welche",    "welchem",  "welchen",  "welcher",   "welches",   "wem",       "wen",
    "wenn",      "wer",      "werde",    "werden",    "werdet",    "wessen",    "wider",
    "wie",       "wieder",   "will",     "wir",       "wird",      "wirst",     "wo",
    "wollen",    "wollte",   "wollten",  "worden",    "wurde",     "wurden",    "während",
    "wäre",      "wären",    "würde",    "würden",    "zu",        "zum",       "zur",
    "zwar",      "zwischen", "über",
};

constexpr Word kFrench[] = {
    "a",       "ai",         "aie",      "aient",    "aies",   "ait",      "après",   "as",
    "au",      "aura",       "aurai",    "auraient", "aurais", "aurait",   "auras",   "aurez",
    "auriez",  "aurions",    "aurons",   "auront",   "aussi",  "aux",      "avaient", "avais",
    "avait",   "avant",      "avec",     "avez",     "aviez",  "avions",   "avoir",   "avons",
    "ayant",   "ayez",       "ayons",    "c",        "car",    "ce",       "ceci",    "cela",
    "celle",   "celles",     "celui",    "ces",      "cet",    "cette",    "ceux",    "chez",
    "comme",   "contre",     "d",        "dans",     "de",     "depuis",   "des",     "donc",
    "dont",    "du",         "elle",     "elles",    "en",     "entre",    "es",      "est",
    "et",      "eu",         "eue",      "eues",     "eurent", "eus",      "eut",     "eux",
    "eûmes",   "eûtes",      "furent",   "fus",      "fut",    "fûmes",    "fûtes",   "il",
    "ils",     "j",          "je",       "l",        "la",     "laquelle", "le",      "lequel",
    "les",     "lesquelles", "lesquels", "leur",     "leurs",  "lorsque",  "lui",     "m",
    "ma",      "mais",       "me",       "mes",      "moi",    "mon",      "même",    "mêmes",
    "n",       "ne",         "ni",       "non",      "nos",    "notre",    "nous",    "on",
    "ont",     "or",         "ou",       "où",       "par",    "parce",    "pas",     "pendant",
    "plus",    "pour",       "puisque",  "qu",       "quand",  "que",      "quel",    "quelle",
    "quelles", "quels",      "qui",      "quoi",     "s",      "sa",       "sans",    "se",
    "sera",    "serai",      "seraient", "serais",   "serait", "seras",    "serez",   "seriez",
    "serions", "serons",     "seront",   "ses",      "si",     "soi",      "soient",  "sois",
    "soit",    "sommes",     "son",      "sont",     "sous",   "soyez",    "soyons",  "suis",
    "sur",     "t",          "ta",       "te",       "tes",    "toi",      "ton",     "tous",
    "tout",    "toute",      "toutes",   "trop",     "très",   "tu",       "un",      "une",
    "vers",    "vos",        "votre",    "vous",     "y",      "à",        "ça",      "étaient",
    "étais",   "était",      "étant",    "étiez",    "étions", "été",      "étée",    "étées",
    "étés",    "êtes",       "être",
};

constexpr Word kSpanish[] = {
    "a",       "al",       "algo",     "alguna",   "algunas",    "alguno",   "algunos",  "ante",
    "antes",   "aquel",    "aquella",  "aquellas", "aquello",    "aquellos", "aunque",   "bajo",
    "como",    "con",      "conmigo",  "contigo",  "contra",     "cual",     "cuales",   "cuando",
    "cuya",    "cuyo",     "cuál",     "cuándo",   "cómo",       "de",       "del",      "desde",
    "donde",   "durante",  "dónde",    "e",        "el",         "ella",     "ellas",    "ello",
    "ellos",   "en",       "entre",    "era",      "erais",      "eran",     "eras",     "eres",
    "es",      "esa",      "esas",     "ese",      "eso",        "esos",     "esta",     "estaba",
    "estaban", "estabas",  "estado",   "estamos",  "estando",    "estar",    "estas",    "este",
    "esto",    "estos",    "estoy",    "estuve",   "estuvieron", "estuvo",   "está",     "estáis",
    "están",   "estás",    "esté",     "estén",    "fue",        "fueron",   "fui",      "fuimos",
    "fuiste",  "fuisteis", "ha",       "haber",    "habido",     "habiendo", "habrá",    "habrán",
    "habría",  "habrían",  "habéis",   "había",    "habíamos",   "habían",   "habías",   "hacia",
    "han",     "has",      "hasta",    "hay",      "haya",       "hayan",    "he",       "hemos",
    "hube",    "hubieron", "hubo",     "la",       "las",        "le",       "les",      "lo",
    "los",     "mas",      "me",       "menos",    "mi",         "mientras", "mis",      "mucha",
    "muchas",  "mucho",    "muchos",   "muy",      "más",        "mí",       "mía",      "mías",
    "mío",     "míos",     "nada",     "ni",       "no",         "nos",      "nosotras", "nosotros",
    "nuestra", "nuestras", "nuestro",  "nuestros", "o",          "os",       "otra",     "otras",
    "otro",    "otros",    "para",     "pero",     "poco",       "por",      "porque",   "pues",
    "que",     "quien",    "quienes",  "quién",    "qué",        "se",       "sea",      "sean",
    "según",   "ser",      "será",     "serán",    "seré",       "sería",    "serían",   "si",
    "sido",    "siendo",   "sin",      "sino",     "sobre",      "sois",     "somos",    "son",
    "soy",     "su",       "sus",      "suya",     "suyas",      "suyo",     "suyos",    "sí",
    "también", "tampoco",  "tan",      "tanto",    "te",         "tenemos",  "tener",    "tenga",
    "tengan",  "tengo",    "tenido",   "tenéis",   "tenía",      "tenían",   "ti",       "tiene",
    "tienen",  "tienes",   "toda",     "todas",    "todo",       "todos",    "tras",     "tu",
    "tus",     "tuve",     "tuvieron", "tuvo",     "tuya",       "tuyas",    "tuyo",     "tuyos",
    "tú",      "u",        "un",       "una",      "unas",       "uno",      "unos",     "usted",
    "ustedes", "vosotras", "vosotros", "vuestra",  "vuestras",   "vuestro",  "vuestros", "y",
    "ya",      "yo",       "él",       "éramos",
};

struct Language {
  Word name;
  std::span<const Word> words;
};
constexpr std::array kLanguages = {
    Language{"english", kEnglish},
    Language{"french", kFrench},
    Language{"german", kGerman},
    Language{"spanish", kSpanish},
};
static_assert(std::all_of(kLanguages.begin(), kLanguages.end(), [](const Language& language) {
  return std::is_sorted(language.words.begin(), language.words.end());
}));

}  // namespace

std::span<const std::string_view> stop_words(std::string_view language) {
  const auto* found = std::find_if(kLanguages.begin(), kLanguages.end(),
                                   [&](const Language& l) { return l.name == language; });
  return found == kLanguages.end() ? std::span<const Word>() : found->words;
}

std::vector<std::string> stop_word_languages() {
  std::vector<std::string> names;
  for (const Language& language : kLanguages) names.emplace_back(language.name);
  return names;
}

}  // namespace lockstep::data
