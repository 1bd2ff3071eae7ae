//! How currencies are written beside an amount.

/// Signs that need no letter beside them.
const SIGNS: &str = "$€£¥₩₹₽₺₴₪฿₫₱₦₡₲₵₸₼₾₿₭₮៛¢﷼円元원";

/// Codes of ISO 4217, without those that are words (ALL, TOP).
const CODES: &str = "AED AFN AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTC BTN BWP BYN BZD \
    CAD CDF CHF CLP CNH CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB ETH EUR FJD FKP GBP GEL GHS GIP GMD GNF \
    GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR \
    LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP \
    PKR PLN PYG QAR RMB RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND \
    TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWL";

/// Names and abbreviations; a point behind one belongs to it.
const NAMES: [&str; 36] = [
    "kr",
    "Kr",
    "zł",
    "Kč",
    "Ft",
    "лв",
    "руб",
    "р",
    "грн",
    "Rs",
    "Fr",
    "SFr",
    "RM",
    "Rp",
    "lei",
    "Lei",
    "din",
    "TL",
    "Bs",
    "euro",
    "euros",
    "Euro",
    "dollar",
    "dollars",
    "Dollar",
    "won",
    "yen",
    "rubles",
    "рублей",
    "zloty",
    "kronor",
    "kroner",
    "pesos",
    "rupees",
    "ct",
    "cts",
];

/// How many bytes of a currency the text begins with.
pub(super) fn currency(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    if SIGNS.contains(first) {
        return Some(first.len_utf8());
    }
    let letters = text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len());
    let (word, rest) = text.split_at(letters);
    let capitals = word.bytes().all(|byte| byte.is_ascii_uppercase());
    if (1..=3).contains(&letters) && capitals && rest.starts_with('$') {
        return Some(letters + 1);
    }
    if letters == 3 && capitals && CODES.split_ascii_whitespace().any(|code| code == word) {
        return Some(letters);
    }
    if word == "S" && rest.starts_with('/') {
        return Some(if rest.starts_with("/.") { 3 } else { 2 });
    }
    // Without a blank it is the letter of a code: R101.
    let rand = word == "R" && rest.starts_with(char::is_whitespace);
    if rand || NAMES.contains(&word) {
        return Some(letters + usize::from(rest.starts_with('.')));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_are_known_and_codes_of_goods_are_not() {
        for (text, length) in [
            ("$5", 1),
            ("€ 5", 3),
            ("US$5", 3),
            ("R$ 5", 2),
            ("EUR5", 3),
            ("kr 5", 2),
            ("kr. 5", 3),
            ("Rs.5", 3),
            ("zł", 3),
            ("S/ 5", 2),
            ("R 5", 1),
            ("CHF", 3),
        ] {
            assert_eq!(currency(text), Some(length), "{text}");
        }
        for text in ["R5", "A5", "EURO5", "TOP 10", "No. 5", "v1", "#5", "x", "", "usd5"] {
            assert_eq!(currency(text), None, "{text}");
        }
    }
}
