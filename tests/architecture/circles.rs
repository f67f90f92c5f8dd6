//! Which files need each other, directly or through others.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use crate::modules::{Module, Written};

/// All modules of the crate by their path, each with the file that it stands in.
pub struct Crate {
    modules: BTreeMap<Vec<String>, (PathBuf, Module)>,
}

/// What a path leads to.
enum Target {
    Module(Vec<String>),
    /// Something that is declared in the file.
    Item(PathBuf),
}

/// Longer chains of re-exports than anybody writes.
const MOST_REEXPORTS: usize = 16;

impl Crate {
    pub fn new(files: impl IntoIterator<Item = (PathBuf, Vec<Module>)>) -> Self {
        let mut modules = BTreeMap::new();
        for (file, of_file) in files {
            modules.extend(of_file.into_iter().map(|module| (module.path.clone(), (file.clone(), module))));
        }
        Self { modules }
    }

    /// Groups of files that all need each other, sorted. A file needs those that declare what it names, wherever that
    /// is re-exported, and the modules that it declares itself. Tests are left out.
    pub fn circles(&self) -> Vec<BTreeSet<PathBuf>> {
        let edges = self.edges();
        let reachable = |from: &PathBuf| {
            let (mut found, mut open) = (BTreeSet::new(), vec![from]);
            while let Some(file) = open.pop() {
                open.extend(edges.get(file).into_iter().flatten().filter(|&next| found.insert(next.clone())));
            }
            found
        };
        let reached: BTreeMap<_, _> = edges.keys().map(|file| (file, reachable(file))).collect();
        let circle = |file| {
            let others =
                reached[file].iter().filter(|&other| reached.get(other).is_some_and(|back| back.contains(file)));
            others.cloned().collect::<BTreeSet<_>>()
        };
        let circles: BTreeSet<_> = edges.keys().map(circle).filter(|circle| !circle.is_empty()).collect();
        circles.into_iter().collect()
    }

    fn edges(&self) -> BTreeMap<PathBuf, BTreeSet<PathBuf>> {
        let mut edges: BTreeMap<PathBuf, BTreeSet<PathBuf>> = BTreeMap::new();
        for (file, module) in self.modules.values().filter(|(_, module)| !self.is_test(&module.path)) {
            let named = module.named.iter().filter_map(|path| match self.resolve(&module.path, path, 0)? {
                Target::Item(file) => Some(file),
                Target::Module(_) => None,
            });
            let declared = module.children.keys().filter_map(|name| {
                let path = self.below(&module.path, name)?;
                (!self.is_test(&path)).then(|| self.modules[&path].0.clone())
            });
            let needed: BTreeSet<PathBuf> = named.chain(declared).filter(|other| other != file).collect();
            edges.entry(file.clone()).or_default().extend(needed);
        }
        edges
    }

    fn below(&self, module: &[String], name: &str) -> Option<Vec<String>> {
        let path: Vec<String> = module.iter().cloned().chain([name.to_owned()]).collect();
        self.modules.contains_key(&path).then_some(path)
    }

    /// Whether the module or one around it is compiled for tests only.
    fn is_test(&self, path: &[String]) -> bool {
        let declared_so = |depth: usize| {
            let parent = self.modules.get(&path[..depth - 1]);
            parent.is_some_and(|(_, parent)| parent.children.get(&path[depth - 1]) == Some(&true))
        };
        self.modules.get(path).is_some_and(|(_, module)| module.is_test) || (1..=path.len()).any(declared_so)
    }

    /// Where a path leads that stands in the module `from`; `None` for other crates.
    fn resolve(&self, from: &[String], written: &[String], reexports: usize) -> Option<Target> {
        let (mut place, rest) = start(from, written);
        for name in rest {
            let (file, module) = self.modules.get(&place)?;
            if let Some(child) = module.children.contains_key(name).then(|| self.below(&place, name)).flatten() {
                place = child;
            } else if module.items.contains(name) || (name == "*" && !module.items.is_empty()) {
                return Some(Target::Item(file.clone()));
            } else if reexports < MOST_REEXPORTS {
                match self.imported(&place, module, name, reexports + 1)? {
                    Target::Module(path) => place = path,
                    item @ Target::Item(_) => return Some(item),
                }
            } else {
                return None;
            }
        }
        Some(Target::Module(place))
    }

    /// What a name stands for that a `use` brings into the module.
    fn imported(&self, place: &[String], module: &Module, name: &str, reexports: usize) -> Option<Target> {
        if let Some(path) = module.imports.get(name) {
            // `use a::a` does not lead to itself.
            let is_itself = path.first().is_some_and(|first| first == name);
            return if is_itself { None } else { self.resolve(place, path, reexports) };
        }
        let globs = module.imports.values().filter(|path| path.last().is_some_and(|last| last == "*"));
        globs.into_iter().find_map(|glob| {
            let path: Written = glob[..glob.len() - 1].iter().cloned().chain([name.to_owned()]).collect();
            self.resolve(place, &path, reexports)
        })
    }
}

/// The module in which the search for a path begins, and the names that follow.
pub fn start<'a>(from: &[String], written: &'a [String]) -> (Vec<String>, &'a [String]) {
    let mut place = from.to_vec();
    let mut rest = written;
    while let [first, after @ ..] = rest {
        match first.as_str() {
            "crate" | "attenuate" => place.clear(),
            "self" => {}
            "super" => _ = place.pop(),
            _ => break,
        }
        rest = after;
    }
    (place, rest)
}
