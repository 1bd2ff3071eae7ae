//! Dates by a format that the user says, in the notation of `strftime`.

use chrono::NaiveTime;
use chrono::format::{Item, Parsed, StrftimeItems, parse};

/// Whether a format can be read by: it has no unknown fields, and at least one known.
pub(super) fn is_format(format: &str) -> bool {
    let mut items = StrftimeItems::new(format);
    let known = items.clone().all(|item| item != Item::Error);
    known && items.any(|item| matches!(item, Item::Numeric(..) | Item::Fixed(_)))
}

/// Microseconds since 1970-01-01 00:00 UTC, or since midnight where the format has no date. What a date lacks is the first
/// of its kind: January, the first of the month, midnight.
pub(super) fn read(format: &str, cell: &str) -> Option<i64> {
    let mut parsed = Parsed::new();
    parse(&mut parsed, cell, StrftimeItems::new(format)).ok()?;
    // Of a time the lesser part may be missing, and of minutes and seconds the hour.
    let (hour, minute) =
        (parsed.hour_div_12().is_some() || parsed.hour_mod_12().is_some(), parsed.minute().is_some());
    let has_time = hour || minute;
    if hour && !minute {
        parsed.set_minute(0).ok()?;
    } else if minute && !hour {
        parsed.set_hour(0).ok()?;
    }
    let dated = parsed.year().is_some() || parsed.year_mod_100().is_some() || parsed.isoyear().is_some();
    if !dated && parsed.timestamp().is_none() {
        let time = parsed.to_naive_time().ok()?;
        return (time - NaiveTime::MIN).num_microseconds();
    }
    let counted = parsed.ordinal().is_some()
        || parsed.isoweek().is_some()
        || parsed.week_from_mon().is_some()
        || parsed.week_from_sun().is_some();
    if parsed.timestamp().is_none() && !counted {
        if parsed.month().is_none() {
            parsed.set_month(1).ok()?;
        }
        if parsed.day().is_none() {
            parsed.set_day(1).ok()?;
        }
    }
    let offset = parsed.offset().unwrap_or(0);
    let moment = if has_time || parsed.timestamp().is_some() {
        parsed.to_naive_datetime_with_offset(offset).ok()?
    } else {
        parsed.to_naive_date().ok()?.and_hms_opt(0, 0, 0)?
    };
    moment.and_utc().timestamp_micros().checked_sub(i64::from(offset) * 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cells::moment;

    #[test]
    fn formats_by_hand() {
        for (format, cell, iso) in [
            ("%d.%m.%Y", "13.01.2022", "2022-01-13"),
            ("%Y%m%d", "20220113", "2022-01-13"),
            ("%b %d, %Y %I:%M %p", "Jan 13, 2022 02:05 PM", "2022-01-13T14:05:00"),
            ("%Y-%m-%dT%H:%M:%S%z", "2022-01-13T14:05:00+0200", "2022-01-13T12:05:00"),
            ("%Y-%m-%d %H:%M:%S%.f", "2022-01-13 14:05:00.25", "2022-01-13T14:05:00.25"),
            ("%Y-%m", "2022-03", "2022-03-01"),
            ("%Y", "2022", "2022-01-01"),
            ("%Y-%j", "2022-032", "2022-02-01"),
            ("%d/%m/%y", "13/01/69", "2069-01-13"),
            ("%d/%m/%y", "13/01/70", "1970-01-13"),
            ("%s", "1642082700", "2022-01-13T14:05:00"),
            ("week of %d %B %Y", "week of 13 January 2022", "2022-01-13"),
        ] {
            assert!(is_format(format), "{format}");
            assert_eq!(read(format, cell), moment(iso), "{format} {cell}");
        }
        assert_eq!(read("%H:%M", "14:05"), Some((14 * 60 + 5) * 60_000_000));
        assert_eq!(read("%H", "14"), Some(14 * 3_600_000_000));
        assert_eq!(read("%I %p", "2 PM"), Some(14 * 3_600_000_000));
        assert_eq!(read("%I", "2"), None);
        assert_eq!(read("%d.%m.%Y", "31.02.2022"), None);
        assert_eq!(read("%d.%m.%Y", "13.01.2022 x"), None);
        for format in ["", "dd.mm.yyyy", "%Q", "%d.%m.%"] {
            assert!(!is_format(format), "{format}");
        }
    }
}
