//! Links from page to page, and to the headings on them.

use std::path::Path;

use super::{pages, read, root};

#[test]
fn links_lead_to_files_and_headings_that_exist() {
    let mut broken = Vec::new();
    for page in pages() {
        for target in targets(&read(&page)) {
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let path = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            let is_there =
                root().join(&path).exists() && (anchor.is_empty() || anchors(&path).contains(&anchor.to_owned()));
            if !is_there {
                broken.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
}

/// What `[text](target)` leads to within the repository.
fn targets(text: &str) -> Vec<String> {
    let links = text.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target.to_owned()));
    links.filter(|target| !target.contains("://") && !target.contains(' ')).collect()
}

/// The anchors of a page's headings, as they are made from their words.
fn anchors(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(root().join(path)).unwrap_or_default();
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    headings
        .map(|heading| {
            let kept = heading
                .to_lowercase()
                .chars()
                .filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c))
                .collect::<String>();
            kept.replace(' ', "-")
        })
        .collect()
}

#[test]
fn every_page_is_reached_from_the_readme() {
    let (mut reached, mut next) = (Vec::new(), vec![Path::new("README.md").to_owned()]);
    while let Some(page) = next.pop() {
        // A folder is shown by the page in it.
        let page = if root().join(&page).is_dir() { page.join("README.md") } else { page };
        if reached.contains(&page) || page.extension().is_none_or(|ending| ending != "md") {
            continue;
        }
        let folder = page.parent().unwrap().to_owned();
        let file = |target: String| folder.join(target.split('#').next().unwrap()).to_string_lossy().into_owned();
        next.extend(targets(&read(&page)).into_iter().map(|target| file(target).replace("docs/../", "").into()));
        reached.push(page);
    }
    for page in pages() {
        assert!(reached.contains(&page), "no link leads to {}", page.display());
    }
}
