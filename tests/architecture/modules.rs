//! The modules of a source file: what each declares, imports and names.

use std::{
    collections::{BTreeSet, HashMap},
    path::Path,
};

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, File, Item, ItemMod, ItemUse, Macro, MetaList, UseTree, VisRestricted,
    visit::{self, Visit},
};

/// A path as the code writes it: `["super", "engine", "RunSpec"]`. A glob ends in `"*"`.
pub type Written = Vec<String>;

/// A module: a file's own, or one in braces within a file.
#[derive(Debug, Default)]
pub struct Module {
    /// From the crate's root: `["engine", "worker"]`.
    pub path: Vec<String>,
    /// Only compiled for tests.
    pub is_test: bool,
    /// Modules that it declares, and whether only for tests.
    pub children: HashMap<String, bool>,
    /// Names of everything else that it declares.
    pub items: BTreeSet<String>,
    /// What each name that a `use` brings in stands for.
    pub imports: HashMap<String, Written>,
    /// Every path that stands in its code, imports too.
    pub named: Vec<Written>,
}

/// The path of a file's module; `file` is relative to `src`. `lib.rs` and `main.rs` are the root, `engine/worker/mod.rs`
/// and `engine/worker.rs` both `engine::worker`.
pub fn module_path(file: &Path) -> Vec<String> {
    let mut path: Vec<String> =
        file.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if path.len() > 1 {
        path.retain(|part| part != "mod");
    }
    if path == ["lib"] || path == ["main"] { Vec::new() } else { path }
}

/// The file's own module, then those in braces.
pub fn modules(file: &Path, text: &str) -> syn::Result<Vec<Module>> {
    let parsed: File = syn::parse_file(text)?;
    let own = Module { path: module_path(file), is_test: parsed.attrs.iter().any(is_for_tests), ..Module::default() };
    let mut reader = Reader { modules: vec![own], current: 0 };
    reader.declare(&parsed.items);
    reader.visit_file(&parsed);
    Ok(reader.modules)
}

struct Reader {
    modules: Vec<Module>,
    current: usize,
}

impl Reader {
    fn module(&mut self) -> &mut Module {
        &mut self.modules[self.current]
    }

    fn declare(&mut self, items: &[Item]) {
        for item in items {
            let name = match item {
                Item::Const(item) => &item.ident,
                Item::Enum(item) => &item.ident,
                Item::Fn(item) => &item.sig.ident,
                Item::Static(item) => &item.ident,
                Item::Struct(item) => &item.ident,
                Item::Trait(item) => &item.ident,
                Item::Type(item) => &item.ident,
                Item::Union(item) => &item.ident,
                Item::Macro(item) => match &item.ident {
                    Some(name) => name,
                    None => continue,
                },
                _ => continue,
            };
            self.module().items.insert(name.to_string());
        }
    }

    /// Every path of a `use` tree, which `before` begins.
    fn import(&mut self, before: &[String], tree: &UseTree) {
        let with = |name: &dyn ToString| before.iter().cloned().chain([name.to_string()]).collect::<Written>();
        let (path, name) = match tree {
            UseTree::Path(path) => return self.import(&with(&path.ident), &path.tree),
            UseTree::Group(group) => return group.items.iter().for_each(|tree| self.import(before, tree)),
            UseTree::Glob(_) => (with(&"*"), None),
            UseTree::Name(name) if name.ident == "self" => (before.to_vec(), before.last().cloned()),
            UseTree::Name(name) => (with(&name.ident), Some(name.ident.to_string())),
            UseTree::Rename(name) if name.ident == "self" => (before.to_vec(), Some(name.rename.to_string())),
            UseTree::Rename(name) => (with(&name.ident), Some(name.rename.to_string())),
        };
        let module = self.module();
        // Globs have no name; each has an entry of its own.
        let name = name.unwrap_or_else(|| format!("*{}", module.imports.len()));
        module.named.push(path.clone());
        module.imports.insert(name, path);
    }

    /// Words joined by `::` in code that is not parsed: a macro's arguments or rules, an attribute.
    fn read_tokens(&mut self, tokens: TokenStream) {
        let (mut path, mut colons) = (Written::new(), 0);
        for token in tokens {
            match &token {
                TokenTree::Punct(punct) if punct.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                TokenTree::Ident(word) if colons == 2 && !path.is_empty() => path.push(word.to_string()),
                other => {
                    self.module().named.push(std::mem::take(&mut path));
                    if let TokenTree::Ident(word) = other {
                        path.push(word.to_string());
                    }
                }
            }
            colons = 0;
            if let TokenTree::Group(group) = token {
                self.read_tokens(group.stream());
            }
        }
        self.module().named.push(path);
    }
}

impl Visit<'_> for Reader {
    fn visit_item_mod(&mut self, item: &ItemMod) {
        let is_test = item.attrs.iter().any(is_for_tests);
        let name = item.ident.to_string();
        let parent = self.module();
        parent.children.insert(name.clone(), is_test);
        let path = parent.path.iter().cloned().chain([name]).collect();
        let is_test = is_test || parent.is_test;
        if let Some((_, items)) = &item.content {
            let outer = std::mem::replace(&mut self.current, self.modules.len());
            self.modules.push(Module { path, is_test, ..Module::default() });
            self.declare(items);
            visit::visit_item_mod(self, item);
            self.current = outer;
        }
    }

    fn visit_item_use(&mut self, item: &ItemUse) {
        self.import(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &syn::Path) {
        let written = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.module().named.push(written);
        visit::visit_path(self, path);
    }

    /// `pub(in crate::model)` names no code.
    fn visit_vis_restricted(&mut self, _: &VisRestricted) {}

    fn visit_macro(&mut self, invoked: &Macro) {
        visit::visit_macro(self, invoked);
        self.read_tokens(invoked.tokens.clone());
    }

    fn visit_meta_list(&mut self, list: &MetaList) {
        self.read_tokens(list.tokens.clone());
    }
}

/// `#[cfg(test)]`, also within `all(…)`.
fn is_for_tests(attribute: &Attribute) -> bool {
    let words = |list: &MetaList| list.tokens.to_string();
    attribute.path().is_ident("cfg")
        && attribute
            .meta
            .require_list()
            .is_ok_and(|list| words(list).split(|c: char| !c.is_alphanumeric()).any(|word| word == "test"))
}
