//! The words and marks of a script, as far as they can be told apart without understanding it.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An identifier or a keyword.
    Name,
    /// A number.
    Number,
    /// A text in quotes.
    Text,
    /// A piece of a template that an expression follows: `` `a${ `` or `}b${`.
    TemplateHead,
    /// A whole template, or its last piece.
    Template,
    /// A regular expression.
    Regex,
    /// Anything else: brackets and operators.
    Mark,
}

/// A piece of a script.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
    /// The byte where it begins.
    pub(crate) at: usize,
    /// Whether a line ends between the token before it and this one.
    pub(crate) new_line: bool,
    /// How many brackets are open around it.
    pub(crate) depth: usize,
    /// For a closing bracket: which token opened it.
    pub(crate) opened: Option<usize>,
}

impl Token<'_> {
    pub(super) fn end(&self) -> usize {
        self.at + self.text.len()
    }

    pub(crate) fn is(&self, text: &str) -> bool {
        self.kind != Kind::Text && self.text == text
    }
}

/// The operators of more than one character, longest first.
const OPERATORS: [&str; 35] = [
    "<!--", ">>>=", "...", "===", "!==", "**=", "<<=", ">>=", ">>>", "&&=", "||=", "??=", "=>", "==", "!=", "<=", ">=",
    "&&", "||", "??", "?.", "++", "--", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<", ">>", "**", "-->",
];

/// After these words a `/` begins a regular expression.
const BEFORE_VALUE: [&str; 11] =
    ["return", "typeof", "case", "in", "delete", "void", "throw", "new", "else", "do", "instanceof"];

/// These are words of the language at some places only.
const AMBIGUOUS: [&str; 3] = ["of", "yield", "await"];

/// The tokens of a script, or none where it is doubtful what they are.
pub(crate) fn tokens(script: &str) -> Option<Vec<Token<'_>>> {
    let mut reader = Reader { script, at: 0, new_line: true, tokens: Vec::new(), open: Vec::new() };
    while reader.skip()? {
        reader.token()?;
    }
    reader.open.is_empty().then_some(reader.tokens)
}

struct Reader<'a> {
    script: &'a str,
    at: usize,
    new_line: bool,
    tokens: Vec<Token<'a>>,
    open: Vec<usize>,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.script[self.at..]
    }

    /// Passes blanks and comments; says whether anything is left.
    fn skip(&mut self) -> Option<bool> {
        loop {
            let rest = self.rest();
            let Some(next) = rest.chars().next() else { return Some(false) };
            if matches!(next, '\n' | '\r' | '\u{2028}' | '\u{2029}') {
                self.new_line = true;
                self.at += next.len_utf8();
            } else if next.is_whitespace() || next == '\u{feff}' {
                self.at += next.len_utf8();
            } else if rest.starts_with("//") {
                self.at += rest.find(['\n', '\r', '\u{2028}', '\u{2029}']).unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                let length = rest.find("*/")? + 2;
                self.new_line |= rest[..length].contains(['\n', '\r', '\u{2028}', '\u{2029}']);
                self.at += length;
            } else {
                return Some(true);
            }
        }
    }

    fn token(&mut self) -> Option<()> {
        let rest = self.rest();
        let next = rest.chars().next()?;
        if in_name(next) && !next.is_ascii_digit() {
            let length = rest.find(|c| !in_name(c)).unwrap_or(rest.len());
            return self.push(Kind::Name, length);
        }
        if next.is_ascii_digit() || (next == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit())) {
            return self.push(Kind::Number, number(rest));
        }
        match next {
            '\'' | '"' => {
                let length = quoted(rest, next)?;
                self.push(Kind::Text, length)
            }
            '`' => self.template(),
            '}' if self.open.last().is_some_and(|open| self.tokens[*open].kind == Kind::TemplateHead) => {
                self.open.pop();
                self.template()
            }
            '/' if self.value_expected()? => {
                let length = regex(rest)?;
                self.push(Kind::Regex, length)
            }
            '\\' | '#' | '@' => None,
            _ => self.mark(next),
        }
    }

    /// A piece of a template, from its backtick or from the brace that ends an expression in it.
    fn template(&mut self) -> Option<()> {
        let rest = self.rest();
        let mut escaped = false;
        for (at, c) in rest.char_indices().skip(1) {
            if escaped {
                escaped = false;
            } else if c == '\\' {
                escaped = true;
            } else if c == '`' {
                return self.push(Kind::Template, at + 1);
            } else if c == '$' && rest[at + 1..].starts_with('{') {
                self.push(Kind::TemplateHead, at + 2)?;
                self.open.push(self.tokens.len() - 1);
                return Some(());
            }
        }
        None
    }

    fn mark(&mut self, next: char) -> Option<()> {
        let rest = self.rest();
        let operator = OPERATORS.iter().find(|operator| rest.starts_with(**operator));
        match (operator, next) {
            // What looks like a comment of HTML is one, at some places.
            (Some(&("<!--" | "-->")), _) => None,
            (Some(operator), _) => self.push(Kind::Mark, operator.len()),
            (None, '(' | '[' | '{') => {
                self.push(Kind::Mark, 1)?;
                self.open.push(self.tokens.len() - 1);
                Some(())
            }
            (None, ')' | ']' | '}') => {
                let opened = self.open.pop()?;
                if !matches!((self.tokens[opened].text, next), ("(", ')') | ("[", ']') | ("{", '}')) {
                    return None;
                }
                self.push(Kind::Mark, 1)?;
                self.tokens.last_mut()?.opened = Some(opened);
                Some(())
            }
            _ => self.push(Kind::Mark, next.len_utf8()),
        }
    }

    fn push(&mut self, kind: Kind, length: usize) -> Option<()> {
        let token = Token {
            kind,
            text: self.rest().get(..length)?,
            at: self.at,
            new_line: self.new_line,
            depth: self.open.len(),
            opened: None,
        };
        self.tokens.push(token);
        self.at += length;
        self.new_line = false;
        Some(())
    }

    /// Whether a `/` here begins a regular expression; none where that takes a parser to know.
    fn value_expected(&self) -> Option<bool> {
        let Some(last) = self.tokens.last() else { return Some(true) };
        match last.kind {
            Kind::Name if AMBIGUOUS.contains(&last.text) => None,
            Kind::Name => Some(BEFORE_VALUE.contains(&last.text) && !self.is_key(self.tokens.len() - 1)),
            Kind::Number | Kind::Text | Kind::Template | Kind::Regex => Some(false),
            Kind::TemplateHead => Some(true),
            Kind::Mark => match last.text {
                "]" => Some(false),
                ")" => Some(
                    last.opened?
                        .checked_sub(1)
                        .is_some_and(|head| HEADS.contains(&self.tokens[head].text) && !self.is_key(head)),
                ),
                "}" | "++" | "--" => None,
                _ => Some(true),
            },
        }
    }

    /// Whether a name stands after a dot: then it is no word of the language.
    fn is_key(&self, at: usize) -> bool {
        at.checked_sub(1).is_some_and(|dot| self.tokens[dot].is(".") || self.tokens[dot].is("?."))
    }
}

/// Words whose brackets a statement follows.
pub(super) const HEADS: [&str; 6] = ["if", "while", "for", "with", "switch", "catch"];

fn in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$' || (!c.is_ascii() && !c.is_whitespace() && c != '\u{feff}')
}

/// How long a number is.
fn number(text: &str) -> usize {
    let mut dotted = text.starts_with("0x") || text.starts_with("0X");
    let exponent = !dotted;
    let mut previous = ' ';
    for (at, c) in text.char_indices() {
        let sign = exponent && matches!(c, '+' | '-') && matches!(previous, 'e' | 'E');
        if c == '.' && !dotted {
            dotted = true;
        } else if !(c.is_ascii_alphanumeric() || c == '_' || sign) {
            return at;
        }
        previous = c;
    }
    text.len()
}

/// How long a text in quotes is.
fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' | '\r' => return None,
            _ if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// How long a regular expression is, with its flags.
fn regex(text: &str) -> Option<usize> {
    let (mut escaped, mut class) = (false, false);
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => return None,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => class = true,
            ']' => class = false,
            '/' if !class => {
                let flags = text[at + 1..].find(|c| !in_name(c)).unwrap_or(text.len() - at - 1);
                return Some(at + 1 + flags);
            }
            _ => {}
        }
    }
    None
}
