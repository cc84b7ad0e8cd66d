//! From files to requests, and from requests to windows: whether a download fits the quota.

use std::time::Duration;

use super::tiers::{self, Bucket, WINDOW};

/// What is to be downloaded, and how the client asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Files {
    /// Files that lie in git: the Hub itself serves them.
    pub small: u64,
    /// Files in LFS or Xet storage: the Hub only says where they are.
    pub large: u64,
    /// Whether the large ones come through hf_xet and not from the plain link.
    pub xet: bool,
    /// Whether the client takes what it needs to know of Xet files from the listing (huggingface_hub 1.22 and later,
    /// for whole repositories).
    pub listed: bool,
}

impl Files {
    /// How many there are.
    pub fn count(&self) -> u64 {
        self.small.saturating_add(self.large)
    }

    /// Requests to `/resolve/`, at most: what the cache holds already costs less.
    ///
    /// A small file costs HEAD and GET. A large one costs HEAD, and GET where hf_xet does not fetch it; none when the
    /// listing tells all. What the CDN and the Xet storage serve is not counted.
    pub fn resolver_requests(&self) -> u64 {
        let large = match (self.xet, self.listed) {
            (true, true) => 0,
            (true, false) => 1,
            (false, _) => 2,
        };
        self.small.saturating_mul(2).saturating_add(self.large.saturating_mul(large))
    }

    /// Requests to `/api/`, about: the record, a page of the listing for each thousand files, a token of the Xet storage.
    pub fn api_requests(&self) -> u64 {
        1 + self.count() / 1000 + 1 + u64::from(self.xet && self.large > 0)
    }
}

/// A download that does not fit what is left of a quota.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortage {
    /// The bucket.
    pub bucket: Bucket,
    /// How many files.
    pub files: u64,
    /// Requests that they need.
    pub needed: u64,
    /// Requests left in this window.
    pub left: u64,
    /// Requests a window.
    pub quota: u64,
    /// Windows that it takes, this one included.
    pub windows: u64,
}

/// Compares a need with what is left; none when it fits.
pub fn shortage(files: &Files, bucket: Bucket, left: u64, quota: u64) -> Option<Shortage> {
    let needed = match bucket {
        Bucket::Api => files.api_requests(),
        Bucket::Resolvers => files.resolver_requests(),
        Bucket::Pages => 0,
    };
    if needed <= left {
        return None;
    }
    let windows = (needed - left).div_ceil(quota.max(1)).saturating_add(1);
    Some(Shortage { bucket, files: files.count(), needed, left, quota, windows })
}

impl Shortage {
    /// The share of the files that comes through before the limit, in percent.
    pub fn percent(&self) -> u64 {
        // Both are counts of requests far below 2^57.
        self.left.saturating_mul(100) / self.needed.max(1)
    }

    /// The least time that the waiting takes, in all.
    pub fn least(&self) -> Duration {
        WINDOW.saturating_mul(u32::try_from(self.windows.saturating_sub(1)).unwrap_or(u32::MAX))
    }

    /// In words, for the report. `identity` is whose quota it is, such as "without a token".
    pub fn words(&self, identity: &str) -> String {
        let mut words = format!(
            "{} need about {} requests (bucket `{}`); {} of {} are left in this window {identity}: the limit comes after \
             about {} %, and all of it takes {} windows of {} minutes",
            files(self.files),
            grouped(self.needed),
            self.bucket.name(),
            grouped(self.left),
            grouped(self.quota),
            self.percent(),
            grouped(self.windows),
            WINDOW.as_secs() / 60,
        );
        // The next plan, and the first one that needs one window.
        let next = tiers::next_above(self.bucket, self.quota);
        let enough = tiers::TIERS
            .iter()
            .find(|t| t.quota(self.bucket) > self.quota && t.quota(self.bucket) >= self.needed)
            .filter(|enough| Some(*enough) != next);
        let with = |tier: &tiers::Tier| {
            let quota = tier.quota(self.bucket);
            let windows = match self.needed.div_ceil(quota.max(1)) {
                1 => "one window".to_owned(),
                n => format!("{} windows", grouped(n)),
            };
            format!("with {} ({} a window) {windows}", tier.plan, grouped(quota))
        };
        let better: Vec<String> = next.into_iter().chain(enough).map(with).collect();
        if !better.is_empty() {
            words.extend(["; ", &better.join(", "), ", by the figures published in ", tiers::AS_OF]);
        }
        words
    }
}

fn files(count: u64) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{} files", grouped(count)) }
}

/// A number with a comma before every three digits.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn small(count: u64) -> Files {
        Files { small: count, large: 0, xet: true, listed: true }
    }

    #[test]
    fn requests_of_files() {
        let files = |xet, listed| Files { small: 10, large: 4, xet, listed }.resolver_requests();
        assert_eq!(files(true, true), 20);
        assert_eq!(files(true, false), 24);
        assert_eq!(files(false, true), 28);
        assert_eq!(small(2500).api_requests(), 4);
        assert_eq!(Files { small: u64::MAX, large: u64::MAX, xet: false, listed: false }.resolver_requests(), u64::MAX);
    }

    #[test]
    fn what_fits_is_no_shortage() {
        assert_eq!(shortage(&small(1500), Bucket::Resolvers, 3000, 3000), None);
        assert_eq!(shortage(&small(3), Bucket::Api, 400, 500), None);
        let short = shortage(&small(1501), Bucket::Resolvers, 3000, 3000).unwrap();
        assert_eq!((short.needed, short.windows, short.percent()), (3002, 2, 99));
    }

    #[test]
    fn a_large_repository_without_a_token() {
        let short = shortage(&small(12_431), Bucket::Resolvers, 3_000, 3_000).unwrap();
        assert_eq!(short.windows, 9);
        assert_eq!(short.least(), Duration::from_mins(40));
        let words = short.words("without a token");
        assert!(words.starts_with("12,431 files need about 24,862 requests"), "{words}");
        assert!(words.contains("after about 12 %"), "{words}");
        assert!(
            words.contains(
                "with a free account (5,000 a window) 5 windows, with Enterprise (50,000 a window) one window"
            )
        );
        assert!(words.ends_with("published in September 2025"), "{words}");
    }

    #[test]
    fn a_quota_of_nothing_does_not_divide() {
        assert!(shortage(&small(u64::MAX), Bucket::Resolvers, 0, 0).is_some_and(|s| s.percent() == 0));
    }

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
