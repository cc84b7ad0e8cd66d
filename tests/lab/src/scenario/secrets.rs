//! Looks for pieces of secrets where none may be.

/// How long a piece must be to count.
const PIECE: usize = 8;

/// The names of the secrets of which some eight characters in a row occur in the text. The pieces themselves are not
/// given, so that a test's output does not repeat the leak.
pub fn leaks<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a str)>, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (name, secret) in secrets {
        let letters: Vec<char> = secret.trim().chars().collect();
        let piece = |at: usize| letters[at..at + PIECE].iter().collect::<String>();
        let places = 0..(letters.len() + 1).saturating_sub(PIECE);
        if let Some(at) = places.into_iter().find(|at| text.contains(&piece(*at))) {
            found.push(format!("characters {at} to {} of {name}", at + PIECE - 1));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_characters_are_a_leak_and_seven_are_not() {
        let secret = [("the token", "hf_abcdefghijkl\n")];
        assert_eq!(leaks(secret, "hf_abcd…"), Vec::<String>::new());
        assert_eq!(leaks(secret, "…cdefghij…"), ["characters 5 to 12 of the token"]);
        assert_eq!(leaks([("short", "abc")], "abc"), Vec::<String>::new());
    }
}
