//! Reads the few fields that decide out of the text of a person, and skips the others.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The texts at the wanted paths, in their order. `None` where there is nothing: no field, null, a blank text, a list or
/// an object.
pub(crate) type Texts<'t> = Vec<Option<Cow<'t, str>>>;

/// Paths without regard to case, as a tree.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    slots: Vec<usize>,
    below: Vec<(String, Wanted)>,
}

impl Wanted {
    /// The tree of these dotted paths.
    pub(crate) fn new<'p>(paths: impl IntoIterator<Item = &'p str>) -> Self {
        let mut root = Self::default();
        for (slot, path) in paths.into_iter().enumerate() {
            let mut at = &mut root;
            for step in path.split('.') {
                let known = at.below.iter().position(|(name, _)| name.eq_ignore_ascii_case(step));
                let place = known.unwrap_or_else(|| {
                    at.below.push((step.to_owned(), Self::default()));
                    at.below.len() - 1
                });
                at = &mut at.below[place].1;
            }
            at.slots.push(slot);
        }
        root
    }

    fn find(&self, key: &str) -> Option<&Self> {
        self.below.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, below)| below)
    }
}

/// Reads a person. A text that is there already stays: so of several sources the first that has a value counts.
///
/// `each` is told of every contract, with the texts at the paths of contracts.
pub(crate) fn person<'t>(
    body: &'t str,
    wanted: &Wanted,
    texts: &mut Texts<'t>,
    of_contract: &Wanted,
    slots: usize,
    each: &mut dyn FnMut(&mut Texts<'t>),
) -> serde_json::Result<()> {
    let mut reader = serde_json::Deserializer::from_str(body);
    Person { wanted, texts, contracts: Contracts { wanted: of_contract, slots, each } }.deserialize(&mut reader)?;
    reader.end()
}

/// Reads a person, all but the contracts.
pub(crate) fn fields<'t>(body: &'t str, wanted: &Wanted, texts: &mut Texts<'t>) -> serde_json::Result<()> {
    Field { wanted, texts }.deserialize(&mut serde_json::Deserializer::from_str(body))
}

struct Person<'a, 't> {
    wanted: &'a Wanted,
    texts: &'a mut Texts<'t>,
    contracts: Contracts<'a, 't>,
}

impl<'t> DeserializeSeed<'t> for Person<'_, 't> {
    type Value = ();

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'t> Visitor<'t> for Person<'_, 't> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a person")
    }

    fn visit_map<A: MapAccess<'t>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(Key(key)) = map.next_key_seed(Key::default())? {
            if key.eq_ignore_ascii_case("Contracts") {
                map.next_value_seed(&mut self.contracts)?;
            } else if let Some(wanted) = self.wanted.find(&key) {
                map.next_value_seed(Field { wanted, texts: self.texts })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

struct Contracts<'a, 't> {
    wanted: &'a Wanted,
    slots: usize,
    each: &'a mut dyn FnMut(&mut Texts<'t>),
}

impl<'t> DeserializeSeed<'t> for &mut Contracts<'_, 't> {
    type Value = ();

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'t> Visitor<'t> for &mut Contracts<'_, 't> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of contracts")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut list: A) -> Result<(), A::Error> {
        let mut texts: Texts<'t> = vec![None; self.slots];
        while list.next_element_seed(Field { wanted: self.wanted, texts: &mut texts })?.is_some() {
            (self.each)(&mut texts);
            texts.fill(None);
        }
        Ok(())
    }
}

/// A value at a place of the tree.
struct Field<'a, 't> {
    wanted: &'a Wanted,
    texts: &'a mut Texts<'t>,
}

impl<'t> Field<'_, 't> {
    fn put(self, text: impl Into<Cow<'t, str>>) {
        let text = text.into();
        if text.trim().is_empty() {
            return;
        }
        for slot in &self.wanted.slots {
            if let Some(empty @ None) = self.texts.get_mut(*slot) {
                *empty = Some(text.clone());
            }
        }
    }
}

impl<'t> DeserializeSeed<'t> for Field<'_, 't> {
    type Value = ();

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'t> Visitor<'t> for Field<'_, 't> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.put(if value { "true" } else { "false" });
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.put(value.to_string());
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.put(value.to_string());
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        let text = serde_json::Number::from_f64(value).map(|number| number.to_string()).unwrap_or_default();
        // A whole number has no fraction for those who compare it with one.
        self.put(text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned));
        Ok(())
    }

    fn visit_borrowed_str<E: Error>(self, value: &'t str) -> Result<(), E> {
        self.put(value);
        Ok(())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.put(value.to_owned());
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Key(key)) = map.next_key_seed(Key::default())? {
            match self.wanted.find(&key) {
                Some(wanted) => map.next_value_seed(Field { wanted, texts: self.texts })?,
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// The name of a field, without a copy where it holds no escape.
#[derive(Default)]
struct Key<'t>(Cow<'t, str>);

impl<'t> DeserializeSeed<'t> for Key<'_> {
    type Value = Key<'t>;

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<Key<'t>, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'t> Visitor<'t> for KeyVisitor {
    type Value = Key<'t>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_borrowed_str<E: Error>(self, value: &'t str) -> Result<Key<'t>, E> {
        Ok(Key(Cow::Borrowed(value)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Key<'t>, E> {
        Ok(Key(Cow::Owned(value.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts<'t>(body: &'t str, paths: &[&str]) -> Texts<'t> {
        let mut texts = vec![None; paths.len()];
        fields(body, &Wanted::new(paths.iter().copied()), &mut texts).unwrap();
        texts
    }

    #[test]
    fn values_are_texts_and_what_is_blank_or_no_scalar_is_nothing() {
        let body = r#"{"a": {"B": "x", "c": 1.0, "d": 0.8, "e": -3, "f": true, "g": " ", "h": null, "i": ["x"], "j": {}},
                       "k": "caf\u00e9", "a.b": "no"}"#;
        let found = texts(body, &["A.b", "a.C", "a.d", "a.e", "a.f", "a.g", "a.h", "a.i", "a.j", "K", "a", "z.y"]);
        let found: Vec<Option<&str>> = found.iter().map(Option::as_deref).collect();
        let (none, some) = (None::<&str>, Some::<&str>);
        let expected = [some("x"), some("1"), some("0.8"), some("-3"), some("true"), none, none, none, none];
        assert_eq!(found[..9], expected);
        assert_eq!(found[9..], [some("café"), none, none]);
    }

    #[test]
    fn a_path_and_one_below_it_can_both_be_wanted_and_a_text_that_is_there_stays() {
        let paths = ["a", "a.b", "A"];
        let wanted = Wanted::new(paths);
        let mut found = vec![None; 3];
        for body in [r#"{"a": {"b": "1"}}"#, r#"{"a": "2"}"#, r#"{"a": {"b": "3"}}"#] {
            fields(body, &wanted, &mut found).unwrap();
        }
        let found: Vec<Option<&str>> = found.iter().map(Option::as_deref).collect();
        assert_eq!(found, [Some("2"), Some("1"), Some("2")]);
    }

    #[test]
    fn each_contract_is_told_with_its_own_texts() {
        let body = r#"{"contracts": [{"t": {"n": "a"}}, {}, 7, {"t": {"n": "b"}}], "x": 1}"#;
        let mut told = Vec::new();
        let mut each = |texts: &mut Texts<'_>| told.push(texts[0].as_deref().unwrap_or("-").to_owned());
        person(body, &Wanted::new(["x"]), &mut vec![None], &Wanted::new(["T.N"]), 1, &mut each).unwrap();
        assert_eq!(told, ["a", "-", "-", "b"]);
        for broken in ["{", "[]", r#"{"Contracts": 3}"#, "{} {}"] {
            let read = person(broken, &Wanted::default(), &mut vec![], &Wanted::default(), 0, &mut |_| ());
            assert!(read.is_err(), "{broken}");
        }
    }
}
