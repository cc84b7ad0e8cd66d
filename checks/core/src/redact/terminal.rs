//! What a terminal would obey instead of showing.

/// The text without escape sequences, control characters and characters that are not seen or that turn the direction of
/// writing; none when
/// it has none of them. Line ends stay, a tab becomes a blank.
pub(super) fn strip(text: &str) -> Option<String> {
    if !text.chars().any(is_stripped) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\t' => out.push(' '),
            '\u{1b}' => match chars.peek() {
                Some('[') => {
                    chars.next();
                    skip_control_sequence(&mut chars);
                }
                // A command to the terminal, such as one that sets its title: up to its end where it has one.
                Some(']' | 'P' | 'X' | '^' | '_') => {
                    chars.next();
                    let rest = chars.clone();
                    if !skip_command(&mut chars) {
                        chars = rest;
                    }
                }
                Some(' '..='/') => {
                    chars.next();
                    chars.next_if(char::is_ascii_graphic);
                }
                Some('0'..='~') => {
                    chars.next();
                }
                _ => {}
            },
            '\u{9b}' => skip_control_sequence(&mut chars),
            c if is_stripped(c) => {}
            c => out.push(c),
        }
    }
    Some(out)
}

fn is_stripped(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' | '\u{61c}')
        // What is not seen at all may hide in a name, or cut a secret in two.
        || matches!(c, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2065}' | '\u{feff}')
        || matches!(c, '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn skip_control_sequence(chars: &mut Chars) {
    while chars.next_if(|c| matches!(c, ' '..='?')).is_some() {}
    chars.next_if(|c| matches!(c, '@'..='~'));
}

/// Skips to the end of a command; false when it has none on this line.
fn skip_command(chars: &mut Chars) -> bool {
    while let Some(c) = chars.next() {
        match c {
            '\u{7}' | '\u{9c}' => return true,
            '\u{1b}' if chars.next_if_eq(&'\\').is_some() => return true,
            '\n' => return false,
            _ => {}
        }
    }
    false
}
