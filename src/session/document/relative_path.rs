//! Paths relative to a document, so that what moves together is found again.

use std::path::{Component, Path, PathBuf};

/// The relative path from the folder of `file` to `source`, with `/`; `None` where they share nothing but the root, or
/// the path is not UTF-8.
pub fn relative(file: &Path, source: &Path) -> Option<String> {
    let file = std::path::absolute(file).ok()?;
    let from: Vec<Component<'_>> = file.parent()?.components().collect();
    let to: Vec<Component<'_>> = source.components().collect();
    let shared = from.iter().zip(&to).take_while(|(from, to)| from == to).count();
    if !from[..shared].iter().any(|component| matches!(component, Component::Normal(_))) {
        return None;
    }
    let names: Option<Vec<&str>> = to[shared..].iter().map(|component| component.as_os_str().to_str()).collect();
    let mut parts = vec![".."; from.len() - shared];
    parts.extend(names?);
    Some(parts.join("/"))
}

/// The absolute path to which the `relative` path leads from the folder of `file`.
pub fn resolve(file: &Path, relative: &str) -> Option<PathBuf> {
    let file = std::path::absolute(file).ok()?;
    let mut place = file.parent()?.to_owned();
    for part in relative.split('/') {
        match part {
            ".." => _ = place.pop(),
            "" | "." => {}
            // A drive or a root of its own would lead elsewhere.
            name if Path::new(name).is_relative() => place.push(name),
            _ => return None,
        }
    }
    Some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_paths_lead_there_and_back() {
        for (file, source, expected) in [
            ("/home/a/work/x.json", "/home/a/work/m.gguf", Some("m.gguf")),
            ("/home/a/work/deep/x.json", "/home/a/models/m", Some("../../models/m")),
            ("/home/a/x.json", "/home/a", Some("")),
            ("/home/x.json", "/mnt/m.gguf", None),
            ("/x.json", "/m.gguf", None),
        ] {
            let found = relative(Path::new(file), Path::new(source));
            assert_eq!(found.as_deref(), expected, "{file} {source}");
            if let Some(path) = found {
                assert_eq!(resolve(Path::new(file), &path), Some(source.into()), "{path}");
            }
        }
    }
}
