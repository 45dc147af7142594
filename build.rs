//! Lists `conf/dialects/*.toml` for `config/builtin.rs` to embed: the names of
//! vendors stand in file names, not in the source.
//!
//! Nothing else is generated, and nothing is fetched.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let root = env::var("CARGO_MANIFEST_DIR")?;
    let folder = Path::new(&root).join("conf/dialects");
    println!("cargo:rerun-if-changed=conf/dialects");
    let mut pairs = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.file_stem().ok_or("a dialect without a name")?.to_string_lossy();
            pairs.push(format!("({name:?}, include_str!({path:?})),\n"));
        }
    }
    pairs.sort();
    let list = format!("&[\n{}]\n", pairs.concat());
    fs::write(Path::new(&env::var("OUT_DIR")?).join("builtin_dialects.rs"), list)?;
    Ok(())
}
