//! Numbers that follow from the seed: splitmix64, and what is made of it.

/// A splitmix64 generator.
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

impl Rng {
    /// A generator for one purpose: each `label` and `index` gives its own sequence.
    pub(crate) fn new(seed: u64, label: &str, index: u64) -> Self {
        Self(mix(mix(seed ^ hash(label)) ^ index))
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A number below `n`; 0 where `n` is 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        reduce(self.next(), n)
    }

    /// One of the items, which must not be none at all.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// `value` brought below `n`; 0 where `n` is 0.
pub(crate) fn reduce(value: u64, n: usize) -> usize {
    usize::try_from(value % (n as u64).max(1)).unwrap_or_default()
}

/// The finishing step of splitmix64.
pub(crate) fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// FNV-1a over the text.
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01B3))
}

/// A version 4 UUID.
pub(crate) fn uuid(seed: u64, label: &str, index: u64) -> String {
    let mut rng = Rng::new(seed, label, index);
    let (a, b) = (rng.next(), rng.next());
    let a = (a & !0xF000) | 0x4000;
    let b = (b & !(0b11 << 62)) | (0b10 << 62);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xFFFF,
        a & 0xFFFF,
        b >> 48,
        b & 0xFFFF_FFFF_FFFF
    )
}

/// `words` times 16 hexadecimal digits.
pub(crate) fn hex(seed: u64, label: &str, index: u64, words: usize) -> String {
    let mut rng = Rng::new(seed, label, index);
    let words: Vec<String> = (0..words).map(|_| format!("{:016x}", rng.next())).collect();
    words.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitmix64_gives_the_published_sequence() {
        let mut rng = Rng(1_234_567);
        assert_eq!(rng.next(), 6_457_827_717_110_365_317);
        assert_eq!(rng.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn a_uuid_has_version_and_variant_and_follows_from_the_seed() {
        let id = uuid(7, "person", 3);
        assert_eq!(id.len(), 36);
        assert_eq!(&id[14..15], "4");
        assert!("89ab".contains(&id[19..20]), "{id}");
        assert_eq!(id, uuid(7, "person", 3));
        assert_ne!(id, uuid(7, "person", 4));
        assert_ne!(id, uuid(8, "person", 3));
    }
}
