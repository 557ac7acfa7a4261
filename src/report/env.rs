//! The template environment: built-in templates, the user's own over them, strict and escaped.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, HtmlEscape, UndefinedBehavior, Value};

use super::view::Number;
use crate::error::{Error, ErrorKind, Place, Result};
use crate::model::did_you_mean;

macro_rules! built_in {
    ($($name:literal,)*) => {
        &[$(($name, include_str!(concat!("../../report_templates/", $name))),)*]
    };
}

/// The built-in templates. To add a page part: a file, a line here, and an `include` in `index.html`.
static TEMPLATES: &[(&str, &str)] = built_in![
    "absent.html",
    "accounts.html",
    "cohorts.html",
    "cycle.html",
    "definitions.html",
    "dwell.html",
    "flow.html",
    "forecast.html",
    "funnel.html",
    "goal_gap.html",
    "goals.html",
    "index.html",
    "losses.html",
    "macros.html",
    "overview.html",
    "payments.html",
    "quality.html",
    "queries.html",
    "reps.html",
    "restatement.html",
    "roles.html",
    "scores.html",
    "sources.html",
    "stale.html",
    "style.html",
    "work.html",
];

/// The template that makes the page.
const PAGE: &str = "index.html";

/// Words with more characters are broken into lines.
const LONG: usize = 40;

/// Templates ready to render.
#[derive(Debug)]
pub(crate) struct Templates {
    environment: Environment<'static>,
    /// The user's templates that replace no built-in one, by name; the page includes them.
    pub(crate) extra: Vec<String>,
    /// Files of the user's folder that are no templates.
    unused: Vec<String>,
}

impl Templates {
    /// The built-in templates with those of `folder` over them.
    ///
    /// Errors: the folder cannot be read, or a template has a syntax error.
    pub(crate) fn load(folder: Option<&Path>) -> Result<Self> {
        let mut sources: BTreeMap<String, String> =
            TEMPLATES.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let mut extra = Vec::new();
        let (own, unused) = folder.map_or_else(|| Ok(Default::default()), read_folder)?;
        for (name, text) in own {
            if sources.insert(name.clone(), text).is_none() {
                extra.push(name);
            }
        }
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_syntax(plain_blocks()?);
        environment.add_filter("prose", prose);
        environment.add_filter("cells", cells);
        for (name, text) in sources {
            environment
                .add_template_owned(name.clone(), text)
                .map_err(|e| template_error(&name, e))?;
        }
        Ok(Self { environment, extra, unused })
    }

    /// The page.
    ///
    /// Errors: a template uses an undefined name, or fails in another way.
    pub(crate) fn render(&self, context: Value) -> Result<String> {
        let page = self.environment.get_template(PAGE).map_err(|e| template_error(PAGE, e))?;
        page.render(context).map_err(|e| template_error(PAGE, e))
    }
}

/// What of a folder of templates may not be meant: names that no built-in template has, files that are none.
///
/// Errors: the folder cannot be read, or a template has a syntax error.
pub(crate) fn doubts(folder: &Path) -> Result<Vec<String>> {
    let templates = Templates::load(Some(folder))?;
    let added = templates.extra.iter().map(|name| {
        let meant = did_you_mean(name, TEMPLATES.iter().map(|(name, _)| *name));
        format!("`{name}` replaces no built-in template, and is added to the page.{meant}")
    });
    let unused = templates.unused.iter();
    let unused = unused.map(|name| format!("`{name}` is not used: templates end in `.html`"));
    Ok(added.chain(unused).collect())
}

/// Lines that hold a block only leave no empty line.
fn plain_blocks() -> Result<SyntaxConfig> {
    let built = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    built.map_err(|e| template_error(PAGE, e))
}

/// Text as HTML: escaped, words between backticks set as code.
fn prose(text: &str) -> Value {
    let mut out = String::new();
    for (at, part) in text.split('`').enumerate() {
        let part = part.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        match at % 2 {
            0 => out.push_str(&part),
            _ => out.push_str(&format!("<code>{part}</code>")),
        }
    }
    Value::from_safe_string(out)
}

/// The cells of a row as HTML under these heads, numbers with what is said about them on hover or focus.
/// A page has tens of thousands: no template could write them as fast.
fn cells(row: &Value, heads: &Value) -> std::result::Result<Value, minijinja::Error> {
    let mut html = String::new();
    for (cell, head) in row.try_iter()?.zip(heads.try_iter()?) {
        let Some(cell) = cell.downcast_object_ref::<Number>() else {
            let what = "`cells` is for the rows of a table";
            return Err(minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, what));
        };
        html.push_str(match head.get_attr("is_number")?.is_true() {
            true => "<td class=n>",
            false if cell.text.chars().count() > LONG => "<td class=long>",
            false => "<td>",
        });
        append_number(&mut html, cell);
        html.push_str("</td>");
    }
    Ok(Value::from_safe_string(html))
}

fn append_number(html: &mut String, cell: &Number) {
    if cell.tip.is_empty() {
        put(html, ["", ""], &cell.text);
    } else {
        html.push_str("<b");
        put(html, [" class=\"", "\""], cell.class);
        put(html, [" data-metric=\"", "\""], cell.metric);
        put(html, [" role=note tabindex=0 aria-label=\"", "\">"], &cell.tip);
        put(html, ["", ""], &cell.text);
        html.push_str("</b>");
        put(html, [" <span class=\"range\">", "</span>"], &cell.interval);
        if cell.class == "few" {
            html.push_str("<span class=\"flag\">few</span>");
        }
    }
    put(html, ["<small class=\"under\">", "</small>"], &cell.under);
}

/// Appends the text, escaped, between these two; nothing if it is empty.
fn put(html: &mut String, [before, after]: [&str; 2], text: &str) {
    if !text.is_empty() {
        // A string takes all that is written to it.
        let _ = write!(html, "{before}{}{after}", HtmlEscape(text));
    }
}

/// A template's name and text.
type Template = (String, String);

/// The `.html` files of a folder, and the names of the other files.
fn read_folder(folder: &Path) -> Result<(Vec<Template>, Vec<String>)> {
    let entries = std::fs::read_dir(folder).map_err(|e| Error::io("read", folder, e))?;
    let (mut found, mut others) = (Vec::new(), Vec::new());
    for entry in entries {
        let path = entry.map_err(|e| Error::io("read", folder, e))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if path.extension().is_some_and(|extension| extension == "html") {
            let text = std::fs::read_to_string(&path).map_err(|e| Error::io("read", &path, e))?;
            found.push((name.to_owned(), text));
        } else if path.is_file() && !name.starts_with('.') {
            others.push(name.to_owned());
        }
    }
    found.sort();
    others.sort();
    Ok((found, others))
}

/// A template's failure, with the template and the line where it happened.
fn template_error(name: &str, cause: minijinja::Error) -> Error {
    let mut innermost: &minijinja::Error = &cause;
    while let Some(inner) = std::error::Error::source(innermost).and_then(|s| s.downcast_ref()) {
        innermost = inner;
    }
    let file = innermost.name().unwrap_or(name).to_owned();
    let row = innermost.line().map(|line| line as u64);
    let what = match innermost.detail() {
        Some(detail) => format!("cannot render the report: {}: {detail}", innermost.kind()),
        None => format!("cannot render the report: {}", innermost.kind()),
    };
    Error::new(ErrorKind::Report, what)
        .at(Place { file, row, column: None })
        .hint("compare your template with the built-in one of the same name")
}

#[cfg(test)]
mod tests {
    use super::{Number, TEMPLATES, cells, prose};
    use crate::report::view::{Head, View as _};

    #[test]
    fn the_registry_lists_every_template() {
        let entries = std::fs::read_dir("report_templates").unwrap();
        let mut files: Vec<String> =
            entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        files.sort();
        assert_eq!(files, TEMPLATES.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    }

    #[test]
    fn prose_is_escaped_and_code_is_set_apart() {
        assert_eq!(prose("`a<b` & c").to_string(), "<code>a&lt;b</code> &amp; c");
        assert_eq!(prose("open `end").to_string(), "open <code>end</code>");
    }

    #[test]
    fn a_number_says_what_is_known_of_it() {
        let html = |is_number, cell: Number| {
            let heads = vec![Head::new("Rate", "", is_number)].value();
            cells(&vec![cell].value(), &heads).unwrap().to_string()
        };
        assert_eq!(html(false, Number::word("a<b")), "<td>a&lt;b</td>");
        let cell = Number {
            text: "5%".to_owned(),
            tip: "1 of \"20\"".to_owned(),
            class: "few",
            interval: "1% to 24%".to_owned(),
            under: "so far".to_owned(),
            ..Number::default()
        };
        let expected = "<td class=n>\
            <b class=\"few\" role=note tabindex=0 aria-label=\"1 of &quot;20&quot;\">5%</b> \
            <span class=\"range\">1% to 24%</span><span class=\"flag\">few</span>\
            <small class=\"under\">so far</small></td>";
        assert_eq!(html(true, cell), expected);
    }
}
