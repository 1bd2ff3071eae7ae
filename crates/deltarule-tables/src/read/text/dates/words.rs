//! Names of months, days of the week, zones and halves of the day.

use chrono::Weekday;

/// The months in English, German, French, Spanish, Italian, Portuguese and Dutch, with their abbreviations.
const MONTHS: [&[&str]; 12] = [
    &[
        "january", "jan", "januar", "jänner", "jän", "janvier", "janv", "enero", "ene", "gennaio", "gen",
        "janeiro", "januari",
    ],
    &[
        "february",
        "feb",
        "februar",
        "février",
        "févr",
        "fév",
        "febrero",
        "febbraio",
        "fevereiro",
        "fev",
        "februari",
    ],
    &["march", "mar", "märz", "mär", "mrz", "mars", "marzo", "março", "maart", "mrt"],
    &["april", "apr", "avril", "avr", "abril", "abr", "aprile"],
    &["may", "mai", "mayo", "maggio", "mag", "maio", "mei"],
    &["june", "jun", "juni", "juin", "junio", "giugno", "giu", "junho"],
    &["july", "jul", "juli", "juillet", "juil", "julio", "luglio", "lug", "julho"],
    &["august", "aug", "août", "agosto", "ago", "augustus"],
    &["september", "sep", "sept", "septembre", "septiembre", "settembre", "set", "setembro"],
    &["october", "oct", "oktober", "okt", "octobre", "octubre", "ottobre", "ott", "outubro", "out"],
    &["november", "nov", "novembre", "noviembre", "novembro"],
    &["december", "dec", "dezember", "dez", "décembre", "déc", "diciembre", "dic", "dicembre", "dezembro"],
];

/// The month of this name, January being 1.
pub(super) fn month(word: &str) -> Option<u32> {
    let word = word.to_lowercase();
    (1..).zip(MONTHS).find(|(_, names)| names.contains(&word.as_str())).map(|(month, _)| month)
}

/// The days of the week in English, German, French and Spanish, with the abbreviations that are no months.
const DAYS: [&[&str]; 7] = [
    &["monday", "mon", "montag", "mo", "lundi", "lun", "lunes"],
    &["tuesday", "tue", "tues", "dienstag", "di", "mardi", "martes"],
    &["wednesday", "wed", "mittwoch", "mi", "mercredi", "mer", "miércoles", "mié"],
    &["thursday", "thu", "thur", "thurs", "donnerstag", "do", "jeudi", "jeu", "jueves", "jue"],
    &["friday", "fri", "freitag", "fr", "vendredi", "ven", "viernes", "vie"],
    &["saturday", "sat", "samstag", "sa", "samedi", "sam", "sábado", "sáb"],
    &["sunday", "sun", "sonntag", "so", "dimanche", "dim", "domingo", "dom"],
];

const WEEK: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

/// The day of the week of this name; of the Korean and Japanese ones the first character is enough.
pub(super) fn weekday(word: &str) -> Option<Weekday> {
    let short = word.strip_suffix("요일").or(word.strip_suffix("曜日")).unwrap_or(word);
    let eastern = |days: &str| days.chars().position(|day| short.chars().eq([day]));
    if let Some(day) = eastern("월화수목금토일").or_else(|| eastern("月火水木金土日")) {
        return Some(WEEK[day]);
    }
    let word = word.to_lowercase();
    DAYS.iter().position(|names| names.contains(&word.as_str())).map(|day| WEEK[day])
}

/// Hours east of Greenwich of the zones that RFC 2822 names.
pub(super) fn zone(word: &str) -> Option<i32> {
    Some(match word {
        "Z" | "z" | "UTC" | "GMT" | "UT" | "utc" | "gmt" => 0,
        "EDT" => -4,
        "EST" | "CDT" => -5,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        _ => return None,
    })
}

/// How many bytes of a half of the day the text begins with, and whether it is the second half.
pub(super) fn half(text: &str) -> Option<(usize, bool)> {
    const HALVES: [(&str, bool); 6] =
        [("오전", false), ("오후", true), ("午前", false), ("午後", true), ("上午", false), ("下午", true)];
    if let Some((word, second)) = HALVES.iter().find(|(word, _)| text.starts_with(word)) {
        return Some((word.len(), *second));
    }
    let bytes = text.as_bytes();
    let second = match bytes.first()?.to_ascii_lowercase() {
        b'a' => false,
        b'p' => true,
        _ => return None,
    };
    // `pm`, `p.m.`, `p. m.`
    let mut at = 1;
    let mut skip = |byte: u8| {
        let found = bytes.get(at).is_some_and(|b| b.eq_ignore_ascii_case(&byte));
        at += usize::from(found);
        found
    };
    let dotted = skip(b'.');
    if dotted {
        skip(b' ');
    }
    if !skip(b'm') {
        return None;
    }
    if dotted {
        skip(b'.');
    }
    (!text[at..].starts_with(char::is_alphanumeric)).then_some((at, second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_whatever_their_case() {
        assert_eq!(month("JAN"), Some(1));
        assert_eq!(month("März"), Some(3));
        assert_eq!(month("DÉC"), Some(12));
        assert_eq!(month("mo"), None);
        assert_eq!(weekday("Thurs"), Some(Weekday::Thu));
        assert_eq!(weekday("목요일"), Some(Weekday::Thu));
        assert_eq!(weekday("日"), Some(Weekday::Sun));
        assert_eq!(weekday("Mai"), None);
        for (text, found) in [
            ("pm", Some((2, true))),
            ("AM", Some((2, false))),
            ("p.m.", Some((4, true))),
            ("p. m.", Some((5, true))),
            ("a.m", Some((3, false))),
            ("오후 2시", Some((6, true))),
            ("pmx", None),
            ("p", None),
            ("", None),
            ("Apr", None),
        ] {
            assert_eq!(half(text), found, "{text}");
        }
        let mut names: Vec<&str> = MONTHS.concat();
        names.extend(DAYS.concat());
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "a name of two");
    }
}
