//! The Hub's plans and quotas as it publishes them, in one table with its date.
//!
//! Source: the Hub's documentation, page "Rate limits", the table dated September 2025; pages on Inference Providers
//! pricing and on ZeroGPU, August 2026. The published figures may change without notice: what a header says counts, and
//! this table only stands in where there is none.

use std::time::Duration;

/// When the request quotas were published.
pub const AS_OF: &str = "September 2025";

/// The fixed window in which requests are counted.
pub const WINDOW: Duration = Duration::from_mins(5);

/// What is counted apart from the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Bucket {
    /// `/api/…`: records, listings, tokens of the Xet storage.
    Api,
    /// Every URL with `/resolve/`: files.
    Resolvers,
    /// Web pages.
    Pages,
}

impl Bucket {
    /// The name in the headers.
    pub fn name(self) -> &'static str {
        match self {
            Bucket::Api => "api",
            Bucket::Resolvers => "resolvers",
            Bucket::Pages => "pages",
        }
    }

    /// The bucket of that name.
    pub fn from_name(name: &str) -> Option<Bucket> {
        [Bucket::Api, Bucket::Resolvers, Bucket::Pages].into_iter().find(|b| b.name() == name)
    }
}

/// One plan's requests per [`WINDOW`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tier {
    /// Who has it.
    pub plan: &'static str,
    /// Hub API.
    pub api: u64,
    /// Files.
    pub resolvers: u64,
    /// Web pages.
    pub pages: u64,
}

impl Tier {
    /// The quota of a bucket.
    pub fn quota(&self, bucket: Bucket) -> u64 {
        match bucket {
            Bucket::Api => self.api,
            Bucket::Resolvers => self.resolvers,
            Bucket::Pages => self.pages,
        }
    }
}

/// Without a token, by address.
pub const ANONYMOUS: Tier = Tier { plan: "without a token", api: 500, resolvers: 3_000, pages: 100 };
/// A free account's.
pub const FREE: Tier = Tier { plan: "a free account", api: 1_000, resolvers: 5_000, pages: 200 };
/// A PRO account's.
pub const PRO: Tier = Tier { plan: "PRO", api: 2_500, resolvers: 12_000, pages: 400 };

/// Every tier, the smallest first. Those of organizations hold for each member.
pub const TIERS: [Tier; 7] = [
    ANONYMOUS,
    FREE,
    PRO,
    Tier { plan: "Team or Academia Hub", api: 3_000, resolvers: 20_000, pages: 400 },
    Tier { plan: "Enterprise", api: 6_000, resolvers: 50_000, pages: 600 },
    Tier { plan: "Enterprise Plus", api: 10_000, resolvers: 100_000, pages: 1_000 },
    Tier { plan: "Enterprise Plus with higher limits", api: 100_000, resolvers: 500_000, pages: 10_000 },
];

/// The tier whose published quota of this bucket is just that; none when no tier or several have it.
pub fn tier_of(bucket: Bucket, quota: u64) -> Option<&'static Tier> {
    let mut fitting = TIERS.iter().filter(|tier| tier.quota(bucket) == quota);
    let first = fitting.next()?;
    fitting.next().is_none().then_some(first)
}

/// The next tier above a quota.
pub fn next_above(bucket: Bucket, quota: u64) -> Option<&'static Tier> {
    TIERS.iter().find(|tier| tier.quota(bucket) > quota)
}

/// Credits for Inference Providers that a month includes, by plan, in US dollars.
pub const INFERENCE_CREDITS: &[(&str, &str)] =
    &[("a free account", "$0.10"), ("PRO", "$2"), ("Team and Enterprise", "$2 a seat, pooled")];

/// Minutes of ZeroGPU a day, by plan; counted anew 24 hours after the first use.
pub const ZEROGPU_MINUTES: &[(&str, u32)] =
    &[("without a token", 2), ("a free account", 5), ("PRO", 40), ("Team", 40), ("Enterprise", 60)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_names_its_tier() {
        assert_eq!(tier_of(Bucket::Resolvers, 3_000), Some(&ANONYMOUS));
        assert_eq!(tier_of(Bucket::Api, 1_000), Some(&FREE));
        assert_eq!(tier_of(Bucket::Api, 3_000).map(|t| t.plan), Some("Team or Academia Hub"));
        assert_eq!(tier_of(Bucket::Pages, 400), None, "PRO and Team share it");
        assert_eq!(tier_of(Bucket::Api, 7), None);
        assert_eq!(next_above(Bucket::Resolvers, 3_000), Some(&FREE));
        assert_eq!(next_above(Bucket::Resolvers, 500_000), None);
    }

    #[test]
    fn tiers_grow() {
        for bucket in [Bucket::Api, Bucket::Resolvers, Bucket::Pages] {
            assert!(TIERS.is_sorted_by_key(|tier| tier.quota(bucket)), "{bucket:?}");
            assert_eq!(Bucket::from_name(bucket.name()), Some(bucket));
        }
    }
}
