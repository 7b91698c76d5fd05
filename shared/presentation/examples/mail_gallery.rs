//! Writes every kind of mail in every language into a folder, as HTML and as text, to be
//! looked at: `cargo run -p presentation --example mail_gallery -- FOLDER`.

use std::io;
use std::path::{Path, PathBuf};

use loyalty::Points;
use loyalty::mail::{Class, Kind};
use loyalty::program::{CORNER_BAKERY, Program};
use presentation::mail::{Links, Occasion, Section, write};
use presentation::{Brand, Colour, Language, Locale};

fn main() -> io::Result<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.ok_or_else(|| io::Error::other("say which folder to write to"))?;
    let program = Program::parse(CORNER_BAKERY).map_err(io::Error::other)?;
    gallery(&program, &folder)
}

fn gallery(program: &Program, folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let brand = Brand {
        shop: program.shop.name.clone(),
        program: program.name.clone(),
        accent: Colour::DEFAULT,
        logo: None,
        postal_address: Some("12 Corner Street, Brooklyn, NY 11201".to_owned()),
        contact: Some("hello@corner.example".to_owned()),
        imprint: None,
    };
    for language in Language::ALL {
        let locale = Locale::new(language, &program.shop.country);
        for kind in Kind::ALL {
            let asked_for = kind.class() == Class::AskedFor;
            let link = |path: &str| {
                (!asked_for).then(|| format!("https://regulars.example/{path}/sample"))
            };
            let written = write(&Occasion {
                locale: &locale,
                brand: &brand,
                program,
                name: Some("Ada"),
                balance: (!asked_for).then_some(Points(1_240)),
                sections: &[Section::sample(kind, program, &locale)],
                links: Links { why: link("why"), preferences: link("p"), unsubscribe: link("u") },
                to_owner: false,
                marketing_allowed: true,
            });
            let name = format!("{}.{}", kind.as_str(), language.as_str());
            std::fs::write(folder.join(format!("{name}.html")), written.html)?;
            std::fs::write(folder.join(format!("{name}.txt")), written.text)?;
        }
    }
    Ok(())
}
