//! The table of results.

use std::collections::BTreeMap;
use std::fmt;

use crate::subject::Name;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    OnePass,
    OnePassCpu,
    TwoPasses,
    TwoPassesCpu,
    Bulk,
    BulkCpu,
    Memory,
}

impl What {
    const ALL: [Self; 7] = [
        Self::OnePass,
        Self::OnePassCpu,
        Self::TwoPasses,
        Self::TwoPassesCpu,
        Self::Bulk,
        Self::BulkCpu,
        Self::Memory,
    ];

    const fn title(self) -> &'static str {
        match self {
            Self::OnePass => "one pass, messages/s",
            Self::TwoPasses => "two passes, messages/s",
            Self::OnePassCpu | Self::TwoPassesCpu => "  CPU of a message, µs",
            Self::Bulk => "one large message, MB/s",
            Self::BulkCpu => "  CPU of a MB, µs",
            Self::Memory => "  growth of the peak, KiB",
        }
    }

    /// The digits behind the point.
    const fn digits(self) -> usize {
        match self {
            Self::OnePassCpu | Self::TwoPassesCpu => 2,
            Self::OnePass | Self::TwoPasses | Self::Bulk | Self::BulkCpu | Self::Memory => 0,
        }
    }
}

/// The figures of every round.
#[derive(Default)]
pub(crate) struct Results(BTreeMap<(What, Name), Vec<f64>>);

impl Results {
    pub(crate) fn add(&mut self, what: What, name: Name, figure: f64) {
        self.0.entry((what, name)).or_default().push(figure);
    }

    pub(crate) fn extend(&mut self, what: What, name: Name, figure: Option<f64>) {
        if let Some(figure) = figure {
            self.add(what, name, figure);
        }
    }

    /// The median of the rounds, or for memory the maximum.
    fn figure(&self, what: What, name: Name) -> Option<f64> {
        let mut figures = self.0.get(&(what, name))?.clone();
        figures.sort_by(f64::total_cmp);
        match what {
            What::Memory => figures.last().copied(),
            _ => figures.get(figures.len() / 2).copied(),
        }
    }

    fn ratio(&self, what: What, beside: Name) -> Option<f64> {
        Some(self.figure(what, Name::Ours)? / self.figure(what, beside)?)
    }
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [(Name, &str); 3] =
            [(Name::Ours, "ours"), (Name::Kamailio, "Kamailio"), (Name::Proxy, "TCP proxy")];
        writeln!(f, "{:26} {:>11} {:>11} {:>11}", "", NAMES[0].1, NAMES[1].1, NAMES[2].1)?;
        for what in What::ALL {
            write!(f, "{:26}", what.title())?;
            for (name, _) in NAMES {
                match self.figure(what, name) {
                    Some(figure) => write!(f, " {figure:>11.digits$}", digits = what.digits())?,
                    None => write!(f, " {:>11}", "-")?,
                }
            }
            writeln!(f)?;
        }
        let goal = |f: &mut fmt::Formatter<'_>, title: &str, figure: Option<f64>, goal: &str| {
            let figure = figure.map_or("-".to_owned(), |figure| format!("{figure:.2}"));
            writeln!(f, "{title:41} {figure:>8}   goal: {goal}")
        };
        writeln!(f)?;
        let one = self.ratio(What::OnePass, Name::Kamailio);
        goal(f, "one pass, ours / Kamailio", one, "at least 2.0")?;
        let two = self.ratio(What::TwoPasses, Name::Kamailio);
        goal(f, "two passes, ours / Kamailio", two, "at least 2.0")?;
        let bulk = self.ratio(What::Bulk, Name::Proxy);
        goal(f, "one large message, ours / TCP proxy", bulk, "at least 0.6")?;
        let memory = self.figure(What::Memory, Name::Ours).map(|kib| kib / 1024.0);
        goal(f, "growth over the large message, MiB", memory, "below 1")
    }
}
