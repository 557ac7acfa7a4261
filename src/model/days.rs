//! The local dates of instants, by table: activities are many, and zones take their time.

use super::calendar::{DAY_MICROS, Day, Micros, Zone};

/// Days that a table holds at most, a hundred years; others are left to the zone.
const MOST_DAYS: usize = 36_525;

/// The instants at which the days of a range begin.
#[derive(Clone, Debug)]
pub struct Days {
    zone: Zone,
    first: Day,
    /// Of each day, and of the one after the last.
    midnights: Vec<Micros>,
}

impl Days {
    /// The days from `first` to `last`; none if they are too many.
    pub fn new(zone: Zone, first: Day, last: Day) -> Self {
        let length = usize::try_from(i64::from(last) - i64::from(first) + 2).unwrap_or(0);
        let length = if length > MOST_DAYS || zone == Zone::UTC { 0 } else { length };
        let midnights = (first..).take(length).map(|day| zone.midnight(day)).collect();
        Self { zone, first, midnights }
    }

    /// The local date of an instant: that of [`Zone::day`].
    #[inline]
    pub fn of(&self, at: Micros) -> Day {
        if self.midnights.is_empty() {
            return self.zone.day(at);
        }
        let guess = at.div_euclid(DAY_MICROS) - i64::from(self.first);
        // No zone is a day away from UTC.
        for place in [guess, guess - 1, guess + 1] {
            let held = usize::try_from(place).ok().and_then(|at| self.midnights.get(at..at + 2));
            if held.is_some_and(|held| held[0] <= at && at < held[1]) {
                return self.first + place as Day;
            }
        }
        self.zone.day(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_says_what_the_zone_says() {
        let zones = [chrono_tz::Europe::Berlin, chrono_tz::Pacific::Kiritimati, chrono_tz::UTC];
        for zone in zones.map(Zone).into_iter().chain([Zone(chrono_tz::America::Havana)]) {
            let days = Days::new(zone, 20_000, 20_800);
            for hour in (19_990 * 24)..(20_810 * 24) {
                for at in [0, 1, 59 * 60_000_000].map(|more| hour * 3_600_000_000 + more) {
                    assert_eq!(days.of(at), zone.day(at), "{at}");
                }
            }
        }
        let far = Days::new(Zone(chrono_tz::Europe::Berlin), -2_000_000, 2_000_000);
        assert_eq!(far.of(0), 0);
    }
}
