//! Where other programs keep their models, on Linux, macOS and Windows, and the variables that move them.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

use crate::base::regular_file;

/// A longer file is no path.
const MOST_POINTER_BYTES: u64 = 4096;

/// Folders in which models are looked for, whether or not they are there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// `HF_HUB_CACHE`, else `HF_HOME/hub`, else `~/.cache/huggingface/hub`.
    pub hugging_face: Vec<PathBuf>,
    /// `OLLAMA_MODELS`, else `~/.ollama/models` and that of the system's service.
    pub ollama: Vec<PathBuf>,
    /// `~/.lmstudio/models`, and where older ones kept them.
    pub lm_studio: Vec<PathBuf>,
    /// `LLAMA_CACHE`, else the folder `llama.cpp` among this user's caches.
    pub llama_cpp: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum System {
    Linux,
    Mac,
    Windows,
}

/// What a machine says of its places.
struct Surroundings<'a> {
    system: System,
    home: Option<PathBuf>,
    variable: &'a dyn Fn(&str) -> Option<OsString>,
    /// The first line of a small file.
    line: &'a dyn Fn(&Path) -> Option<String>,
}

impl Places {
    /// Those of this machine and user.
    pub fn of_machine() -> Self {
        let system = if cfg!(windows) {
            System::Windows
        } else if cfg!(target_os = "macos") {
            System::Mac
        } else {
            System::Linux
        };
        Surroundings { system, home: env::home_dir(), variable: &|name| env::var_os(name), line: &first_line }.places()
    }
}

fn first_line(path: &Path) -> Option<String> {
    let bytes = regular_file::read(path, MOST_POINTER_BYTES).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.lines().next().map(|line| line.trim().to_owned())
}

impl Surroundings<'_> {
    fn places(&self) -> Places {
        Places {
            hugging_face: distinct([self.hugging_face(), self.folder("TRANSFORMERS_CACHE")]),
            ollama: match self.folder("OLLAMA_MODELS") {
                Some(folder) => vec![folder],
                // The second is of the user whom the installer makes for the service.
                None => distinct([
                    self.at_home(&[".ollama", "models"]),
                    (self.system == System::Linux).then(|| PathBuf::from("/usr/share/ollama/.ollama/models")),
                ]),
            },
            lm_studio: distinct([
                self.lm_studio().map(|home| home.join("models")),
                self.at_home(&[".cache", "lm-studio", "models"]),
            ]),
            llama_cpp: distinct([self.folder("LLAMA_CACHE").or_else(|| Some(self.caches()?.join("llama.cpp")))]),
        }
    }

    /// <https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables>
    fn hugging_face(&self) -> Option<PathBuf> {
        self.folder("HF_HUB_CACHE").or_else(|| self.folder("HUGGINGFACE_HUB_CACHE")).or_else(|| {
            let caches = || self.folder("XDG_CACHE_HOME").or_else(|| self.at_home(&[".cache"]));
            let home = self.folder("HF_HOME").or_else(|| Some(caches()?.join("huggingface")))?;
            Some(home.join("hub"))
        })
    }

    fn lm_studio(&self) -> Option<PathBuf> {
        let pointed = self.at_home(&[".lmstudio-home-pointer"]).and_then(|pointer| (self.line)(&pointer));
        pointed.map(PathBuf::from).filter(|home| home.is_absolute()).or_else(|| self.at_home(&[".lmstudio"]))
    }

    /// `fs_get_cache_directory` of llama.cpp.
    fn caches(&self) -> Option<PathBuf> {
        match self.system {
            System::Linux => self.folder("XDG_CACHE_HOME").or_else(|| self.at_home(&[".cache"])),
            System::Mac => self.at_home(&["Library", "Caches"]),
            System::Windows => self.folder("LOCALAPPDATA"),
        }
    }

    /// The folder that a variable names; `~` is this user's home.
    fn folder(&self, variable: &str) -> Option<PathBuf> {
        let named = PathBuf::from((self.variable)(variable).filter(|value| !value.is_empty())?);
        match (named.strip_prefix("~"), &self.home) {
            (Ok(below), Some(home)) => Some(home.join(below)),
            _ => Some(named),
        }
    }

    fn at_home(&self, below: &[&str]) -> Option<PathBuf> {
        self.home.as_ref().map(|home| below.iter().fold(home.clone(), |path, part| path.join(part)))
    }
}

fn distinct(folders: impl IntoIterator<Item = Option<PathBuf>>) -> Vec<PathBuf> {
    let mut distinct = Vec::new();
    for folder in folders.into_iter().flatten() {
        if !distinct.contains(&folder) {
            distinct.push(folder);
        }
    }
    distinct
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(system: System, variables: &[(&str, &str)], pointer: Option<&str>) -> Places {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        let line = |_: &Path| pointer.map(ToOwned::to_owned);
        Surroundings { system, home: Some("/home/a".into()), variable: &variable, line: &line }.places()
    }

    fn paths(texts: &[&str]) -> Vec<PathBuf> {
        texts.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn without_variables_they_are_at_home() {
        let linux = places(System::Linux, &[], None);
        assert_eq!(linux.hugging_face, paths(&["/home/a/.cache/huggingface/hub"]));
        assert_eq!(linux.ollama, paths(&["/home/a/.ollama/models", "/usr/share/ollama/.ollama/models"]));
        assert_eq!(linux.lm_studio, paths(&["/home/a/.lmstudio/models", "/home/a/.cache/lm-studio/models"]));
        assert_eq!(linux.llama_cpp, paths(&["/home/a/.cache/llama.cpp"]));
        let mac = places(System::Mac, &[("XDG_CACHE_HOME", "")], None);
        assert_eq!((&mac.hugging_face, &mac.lm_studio), (&linux.hugging_face, &linux.lm_studio));
        assert_eq!(mac.ollama, paths(&["/home/a/.ollama/models"]));
        assert_eq!(mac.llama_cpp, paths(&["/home/a/Library/Caches/llama.cpp"]));
        let windows = places(System::Windows, &[("LOCALAPPDATA", "/home/a/AppData/Local")], None);
        assert_eq!(windows.hugging_face, linux.hugging_face);
        assert_eq!(windows.llama_cpp, paths(&["/home/a/AppData/Local/llama.cpp"]));
    }

    #[test]
    fn variables_move_them() {
        let at = |variables: &[(&str, &str)]| places(System::Linux, variables, None).hugging_face;
        assert_eq!(at(&[("XDG_CACHE_HOME", "/c")]), paths(&["/c/huggingface/hub"]));
        assert_eq!(at(&[("HF_HOME", "~/hf"), ("XDG_CACHE_HOME", "/c")]), paths(&["/home/a/hf/hub"]));
        assert_eq!(at(&[("HF_HUB_CACHE", "/h"), ("HF_HOME", "/hf")]), paths(&["/h"]));
        assert_eq!(at(&[("HUGGINGFACE_HUB_CACHE", "/h"), ("TRANSFORMERS_CACHE", "/t")]), paths(&["/h", "/t"]));
        let others = places(System::Linux, &[("OLLAMA_MODELS", "/o"), ("LLAMA_CACHE", "/l")], Some("/lm"));
        assert_eq!((others.ollama, others.llama_cpp), (paths(&["/o"]), paths(&["/l"])));
        assert_eq!(others.lm_studio, paths(&["/lm/models", "/home/a/.cache/lm-studio/models"]));
    }
}
