//! Times of day, durations and zones.

use super::super::folded::is_minus;
use super::cursor::Cursor;
use super::words::{half, zone};

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// A time in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clock {
    /// With hours first, where that can be: `14:05` is five minutes past two.
    pub(super) hours_first: Option<i64>,
    /// With minutes first in a time of two parts: `14:05` is fourteen minutes and five seconds.
    pub(super) minutes_first: Option<i64>,
    /// It says which half of the day.
    pub(super) twelve_hours: bool,
}

impl Clock {
    fn both(micros: i64) -> Self {
        Self { hours_first: Some(micros), minutes_first: Some(micros), twelve_hours: false }
    }
}

/// A time of day: `14:05`, `14:05:00.25`, `2:05 PM`, `2 PM`, `오후 2시 5분`, `14h05`. The hours may be more than those of a
/// day.
pub(super) fn time(at: &mut Cursor<'_>) -> Option<Clock> {
    let mut second_half = at.attempt(|at| {
        let (bytes, second) = half(at.rest)?;
        at.skip(bytes);
        at.blanks();
        Some(second)
    });
    let (hours, digits) = at.digits()?;
    let hours = i64::try_from(hours).ok().filter(|_| digits <= 6)?;
    let (mut minutes, mut seconds, mut named, mut alone) = (None, None, false, false);
    if at.eat(&[':']).is_some() {
        minutes = Some(i64::from(at.exactly(2)?));
        if at.eat(&[':']).is_some() {
            seconds = Some(i64::from(at.exactly(2)?) * SECOND + fraction(at).unwrap_or(0));
        } else if let Some(part) = fraction(at) {
            // Hours have no fraction: these are minutes and seconds.
            let micros = hours * MINUTE + minutes? * SECOND + part;
            let valid = minutes? < 60 && second_half.is_none();
            return valid.then_some(Clock {
                hours_first: None,
                minutes_first: Some(micros),
                twelve_hours: false,
            });
        }
    } else if at.eat(&['시', '時', '时', '点']).is_some() {
        at.blanks();
        minutes = at.attempt(|at| at.short().filter(|_| at.eat(&['분', '分']).is_some())).map(i64::from);
        at.blanks();
        let second = at.attempt(|at| at.short().filter(|_| at.eat(&['초', '秒']).is_some()));
        seconds = second.map(|second| i64::from(second) * SECOND);
        minutes.get_or_insert(0);
        named = true;
    } else if let Some(minute) = at.attempt(|at| at.eat(&['h', 'H']).and_then(|_| at.exactly(2))) {
        minutes = Some(i64::from(minute));
        named = true;
    } else {
        alone = true;
    }
    if second_half.is_none() {
        second_half = at.attempt(|at| {
            at.blanks();
            let (bytes, second) = half(at.rest)?;
            at.skip(bytes);
            Some(second)
        });
    }
    if (alone && second_half.is_none()) || minutes.unwrap_or(0) > 59 || seconds.unwrap_or(0) >= 61 * SECOND {
        return None;
    }
    let hours = match second_half {
        Some(second) if hours <= 12 => hours % 12 + if second { 12 } else { 0 },
        Some(true) if hours < 24 => hours,
        Some(_) => return None,
        None => hours,
    };
    let micros = hours * HOUR + minutes.unwrap_or(0) * MINUTE + seconds.unwrap_or(0);
    if seconds.is_some() || second_half.is_some() || named {
        return Some(Clock { twelve_hours: second_half.is_some(), ..Clock::both(micros) });
    }
    Some(Clock {
        hours_first: Some(micros).filter(|&micros| micros <= DAY),
        minutes_first: Some(hours * MINUTE + minutes? * SECOND),
        twelve_hours: false,
    })
}

/// The time of a date: within the day, hours first; also `140500`.
pub(super) fn time_of_date(at: &mut Cursor<'_>) -> Option<(i64, bool)> {
    if let Some(time) = at.attempt(|at| at.exactly(6)) {
        let (hours, minutes, seconds) = (time / 10_000, time / 100 % 100, time % 100);
        let micros = i64::from(hours) * HOUR + i64::from(minutes) * MINUTE + i64::from(seconds) * SECOND;
        let micros = micros + fraction(at).unwrap_or(0);
        return (hours < 24 && minutes < 60 && seconds < 61).then_some((micros, false));
    }
    let clock = time(at)?;
    let micros = clock.hours_first.filter(|&micros| micros <= DAY + SECOND)?;
    Some((micros, clock.twelve_hours))
}

/// Microseconds of a fraction of a second, digits beyond them cut off.
fn fraction(at: &mut Cursor<'_>) -> Option<i64> {
    at.attempt(|at| {
        at.eat(&['.', ','])?;
        let count = at.rest.bytes().take_while(u8::is_ascii_digit).count();
        let digits = &at.rest[..count.min(6)];
        at.skip(count);
        // No digits are no number.
        Some(digits.parse::<i64>().ok()? * 10_i64.pow(6 - digits.len() as u32))
    })
}

/// Seconds east of Greenwich: `Z`, `UTC`, `EST`, `+02:00`, `+0200`, `-05`, `GMT+2`; what follows in parentheses or brackets
/// names the same zone once more.
pub(super) fn offset(at: &mut Cursor<'_>) -> Option<i32> {
    let named = at.attempt(|at| {
        let word = at.word();
        zone(word).map(|hours| (hours, !matches!(word, "Z" | "z")))
    });
    let mut offset = match named {
        Some((hours, _)) => hours * 3600,
        None => signed(at)?,
    };
    if let Some((0, true)) = named {
        offset = at.attempt(signed).unwrap_or(0);
    }
    at.attempt(|at| {
        at.blanks();
        let close = if at.eat(&['(', '['])? == '(' { ')' } else { ']' };
        let end = at.rest.find(close)?;
        at.skip(end + 1);
        Some(())
    });
    Some(offset)
}

fn signed(at: &mut Cursor<'_>) -> Option<i32> {
    let sign = at.peek().filter(|&c| c == '+' || is_minus(c))?;
    at.skip(sign.len_utf8());
    let (digits, count) = at.digits()?;
    let (hours, minutes) = match count {
        1 | 2 => (digits, if at.eat(&[':']).is_some() { u64::from(at.exactly(2)?) } else { 0 }),
        4 => (digits / 100, digits % 100),
        _ => return None,
    };
    let seconds = i32::try_from(hours * 3600 + minutes * 60).ok().filter(|_| hours < 24 && minutes < 60)?;
    Some(if sign == '+' { seconds } else { -seconds })
}

/// A time or a duration that is all there is: `14:05:00`, `36:15:00`, `-1 days +23:00:00`, `2 days 03:04:05`, `PT1H30M`.
pub(super) fn alone(cell: &str) -> Option<Clock> {
    let mut at = Cursor::new(cell);
    let negative = at.peek().is_some_and(is_minus);
    if negative {
        at.skip(at.peek()?.len_utf8());
    }
    if let Some(micros) = iso_duration(at) {
        return Some(Clock::both(if negative { -micros } else { micros }));
    }
    let days = at.attempt(|at| {
        let (days, _) = at.digits()?;
        at.blanks();
        matches!(at.word(), "day" | "days").then_some(())?;
        at.eat(&[',']);
        at.blanks();
        i64::try_from(days).ok()?.checked_mul(DAY)
    });
    let Some(days) = days else {
        let clock = time(&mut at)?;
        if !at.is_at_end() {
            return None;
        }
        return match (negative, clock.hours_first) {
            (false, _) => Some(clock),
            (true, Some(micros)) if !clock.twelve_hours => Some(Clock::both(-micros)),
            _ => None,
        };
    };
    // The sign of pandas' days is theirs alone, and the time counts forwards.
    let days = if negative { -days } else { days };
    let minus = at.eat(&['+', '-']) == Some('-');
    let clock = time(&mut at)?;
    let micros = clock.hours_first.filter(|_| at.is_at_end() && !clock.twelve_hours)?;
    days.checked_add(if minus { -micros } else { micros }).map(Clock::both)
}

/// A duration of ISO 8601 in parts of fixed length: weeks, days, hours, minutes, seconds.
fn iso_duration(mut at: Cursor<'_>) -> Option<i64> {
    at.eat(&['P'])?;
    let (mut micros, mut in_day, mut parts) = (0_i64, false, 0);
    while !at.is_at_end() {
        if !in_day && at.eat(&['T']).is_some() {
            in_day = true;
        }
        let (count, _) = at.digits()?;
        let part = fraction(&mut at).unwrap_or(0);
        let unit = match (at.eat(&['W', 'D', 'H', 'M', 'S'])?, in_day) {
            ('W', false) => 7 * DAY,
            ('D', false) => DAY,
            ('H', true) => HOUR,
            ('M', true) => MINUTE,
            ('S', true) => SECOND,
            _ => return None,
        };
        if part > 0 && unit != SECOND {
            return None;
        }
        micros = micros.checked_add(i64::try_from(count).ok()?.checked_mul(unit)?)?.checked_add(part)?;
        parts += 1;
    }
    (parts > 0).then_some(micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_by_hand() {
        let at = |hours: i64, minutes: i64, micros: i64| hours * HOUR + minutes * MINUTE + micros;
        let both = [
            ("14:05:00", at(14, 5, 0)),
            ("02:05 PM", at(14, 5, 0)),
            ("2:05pm", at(14, 5, 0)),
            ("12:00 a.m.", 0),
            ("12:30 PM", at(12, 30, 0)),
            ("2 PM", at(14, 0, 0)),
            ("오후 2:05", at(14, 5, 0)),
            ("오전 9시 5분 7초", at(9, 5, 7 * SECOND)),
            ("14:05:00.25", at(14, 5, 250_000)),
            ("14:05:00,123456789", at(14, 5, 123_456)),
            ("24:00:00", DAY),
            ("36:15:00", at(36, 15, 0)),
            ("-01:30:00", -at(1, 30, 0)),
            ("1 days 02:03:04.5", DAY + at(2, 3, 4_500_000)),
            ("-1 days +23:00:00", -at(1, 0, 0)),
            ("PT1H30M", at(1, 30, 0)),
            ("P1DT2.5S", DAY + 2_500_000),
        ];
        for (text, micros) in both {
            let clock = alone(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((clock.hours_first, clock.minutes_first), (Some(micros), Some(micros)), "{text}");
        }
        let two = |text: &str| alone(text).map(|clock| (clock.hours_first, clock.minutes_first));
        assert_eq!(two("14:05"), Some((Some(at(14, 5, 0)), Some(at(0, 14, 5 * SECOND)))));
        assert_eq!(two("75:30"), Some((None, Some(at(0, 75, 30 * SECOND)))));
        assert_eq!(two("1:35.123"), Some((None, Some(at(0, 1, 35_123_000)))));
        for text in [
            "14", "14:5", "3:2", "14:60:00", "13:00 AM", "25 PM", "PM", "", "P", "PT", "P1M", "1:2:3",
            "14:05x", "1 days",
        ] {
            assert_eq!(alone(text), None, "{text}");
        }
    }

    #[test]
    fn zones_by_hand() {
        let read = |text: &str| {
            let mut at = Cursor::new(text);
            offset(&mut at).filter(|_| at.is_at_end())
        };
        for (text, seconds) in [
            ("Z", 0),
            ("UTC", 0),
            ("+02:00", 7200),
            ("+0200", 7200),
            ("-05", -18000),
            ("−03:30", -12600),
            ("GMT+2", 7200),
            ("EST", -18000),
            ("GMT+0200 (CEST)", 7200),
            ("+01:00[Europe/Berlin]", 3600),
        ] {
            assert_eq!(read(text), Some(seconds), "{text}");
        }
        for text in ["", "X", "+25:00", "Z+1", "CEST", "02:00"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
