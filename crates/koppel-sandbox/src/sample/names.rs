//! Dutch names, with the diacritics and prefixes that break careless code.

use crate::seed::Rng;

/// A name and the gender it goes with.
#[derive(Debug, Clone)]
pub(super) struct Name {
    pub(super) first: &'static str,
    pub(super) last: String,
    pub(super) gender: &'static str,
}

const WOMEN: [&str; 24] = [
    "Anna",
    "Zoë",
    "Renée",
    "Fatima",
    "Sanne",
    "Lieke",
    "Maria",
    "Ayşe",
    "Noor",
    "Daniëlle",
    "Emma",
    "Chloé",
    "Johanna",
    "Yasmina",
    "Marieke",
    "Loïs",
    "Ingrid",
    "Thu Hà",
    "Wilhelmina",
    "Kim",
    "Roos",
    "Esmée",
    "Petra",
    "Gülşen",
];
const MEN: [&str; 18] = [
    "Jan",
    "Mohammed",
    "Daan",
    "André",
    "Pieter",
    "Özgür",
    "Ruben",
    "José",
    "Bram",
    "Sjoerd",
    "Kees",
    "Jérôme",
    "Willem-Jan",
    "Tariq",
    "Luuk",
    "Hendrik",
    "Björn",
    "Stefan",
];
const FAMILIES: [(&str, &str); 36] = [
    ("", "Jansen"),
    ("de", "Vries"),
    ("van der", "Berg"),
    ("", "Bakker"),
    ("", "Özdemir"),
    ("van", "Dijk"),
    ("", "Visser"),
    ("", "Yılmaz"),
    ("de", "Boer"),
    ("van den", "Heuvel"),
    ("", "El Amrani"),
    ("", "Mulder"),
    ("van 't", "Hof"),
    ("", "Çelik"),
    ("", "Bos"),
    ("ter", "Horst"),
    ("", "Kuipers"),
    ("van de", "Ven"),
    ("", "Peeters"),
    ("", "Hoekstra"),
    ("in 't", "Veld"),
    ("", "Müller"),
    ("", "Dijkstra"),
    ("de", "Groot"),
    ("", "Nguyễn"),
    ("", "Smit"),
    ("van", "Leeuwen"),
    ("", "Benali"),
    ("op den", "Kamp"),
    ("", "Brouwer"),
    ("", "García"),
    ("ten", "Brink"),
    ("", "Scholten"),
    ("van der", "Meulen"),
    ("d'", "Ancona"),
    ("", "Coëlho"),
];

/// A name; one in eight carries a partner's name too.
pub(super) fn draw(rng: &mut Rng) -> Name {
    let (first, gender) = match rng.below(20) {
        0..=13 => (*rng.pick(&WOMEN), "V"),
        14..=18 => (*rng.pick(&MEN), "M"),
        _ => (*rng.pick(&WOMEN), "X"),
    };
    let mut last = family(rng);
    if rng.below(8) == 0 {
        last = format!("{last} - {}", family(rng));
    }
    Name { first, last, gender }
}

fn family(rng: &mut Rng) -> String {
    match *rng.pick(&FAMILIES) {
        ("", name) => name.to_owned(),
        (prefix, name) if prefix.ends_with('\'') && prefix.len() < 3 => format!("{prefix}{name}"),
        (prefix, name) => format!("{prefix} {name}"),
    }
}

/// The text in small ASCII letters, as mail addresses have it.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .flat_map(char::to_lowercase)
        .filter_map(|c| match c {
            'a'..='z' | '0'..='9' | '-' => Some(c),
            'á' | 'à' | 'ä' | 'â' => Some('a'),
            'ç' => Some('c'),
            'é' | 'è' | 'ë' | 'ê' | 'ễ' => Some('e'),
            'í' | 'ì' | 'ï' | 'î' | 'ı' => Some('i'),
            'ó' | 'ò' | 'ö' | 'ô' => Some('o'),
            'ú' | 'ù' | 'ü' | 'û' => Some('u'),
            'ş' => Some('s'),
            _ => None,
        })
        .collect()
}
