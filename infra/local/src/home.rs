//! A data directory: the database, its secrets, and the lock of the one server on it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use loyalty::ids::ShopId;
use loyalty::program::Program;
use platform::Store;
use platform::store::{Applied, StoreError, table};
use presentation::mail::{self, Finding};
use testkit::embedded::Embedded;

use crate::cli::{Data, Environment};
use crate::failure::Failure;
use crate::secrets::LocalSecrets;

/// The table's name here. There is one per database.
pub(crate) const TABLE: &str = "regulars";

/// The lock's name in the data directory; it holds the id of the process that has it.
const LOCK_NAME: &str = "lock";

/// The database's name in the data directory.
const DATABASE_NAME: &str = "regulars.db";

/// An open data directory.
pub(crate) struct Home<'a> {
    pub(crate) embedded: Embedded,
    pub(crate) store: Store,
    pub(crate) secrets: LocalSecrets<'a>,
}

/// Keeps a second server off a data directory for as long as it lives.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "dropping it gives the lock back")] File);

/// A program file that has been read and checked.
#[derive(Debug)]
pub(crate) struct ProgramFile {
    pub(crate) path: PathBuf,
    pub(crate) toml: String,
    pub(crate) program: Program,
    /// What is worth knowing of the owner's own templates of mail.
    pub(crate) templates: Vec<Finding>,
}

impl ProgramFile {
    /// Reads and checks a file.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let toml = std::fs::read_to_string(path)
            .map_err(|error| Failure::because(format!("cannot read {}", path.display()), &error))?;
        Self::parse(path, toml)
    }

    /// Checks what stands in a file.
    pub(crate) fn parse(path: &Path, toml: String) -> Result<Self, Failure> {
        let program = Program::parse(&toml)
            .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
        let (unfit, templates): (Vec<_>, Vec<_>) =
            mail::check(&program).into_iter().partition(Finding::is_error);
        if !unfit.is_empty() {
            let unfit: String = unfit.iter().map(|finding| format!("\n- {finding}")).collect();
            let path = path.display();
            return Err(Failure::new(format!("{path}: the program can't be used:{unfit}")));
        }
        Ok(Self { path: path.to_owned(), toml, program, templates })
    }

    /// Saves it as its shop's next version.
    pub(crate) async fn save(
        &self,
        store: &Store,
        now: jiff::Timestamp,
    ) -> Result<Applied, Failure> {
        store.apply_program(&self.toml, now).await.map_err(|error| match error {
            StoreError::Program(problems) => {
                Failure::new(format!("{} can't be applied:\n{problems}", self.path.display()))
            }
            error => Failure::because(format!("cannot apply {}", self.path.display()), &error),
        })
    }

    /// The shop it is for.
    pub(crate) fn shop(&self) -> &ShopId {
        &self.program.shop.id
    }
}

impl<'a> Home<'a> {
    /// Opens a database with its table, and its secrets, making what is missing. The key
    /// of identities is kept before the first customer can be.
    pub(crate) async fn open(data: &Data, environment: Environment<'a>) -> Result<Self, Failure> {
        let cannot = |error| Failure::because("cannot open the data", &error);
        let (embedded, mut secrets);
        match data {
            Data::Memory => {
                embedded = Embedded::temporary().map_err(cannot)?;
                secrets = LocalSecrets::read(embedded.dir(), environment)?;
                secrets.complete([])?;
            }
            Data::Dir(dir) => {
                make(dir)?;
                secrets = LocalSecrets::read(dir, environment)?;
                refuse_lost_identities(dir, &secrets)?;
                secrets.complete([])?;
                embedded = Embedded::open(dir).map_err(cannot)?;
            }
        }
        let store = Store::new(embedded.client(), TABLE);
        table::create(store.client(), TABLE)
            .await
            .map_err(|error| Failure::because("cannot make the table", &error))?;
        embedded
            .index_streams()
            .map_err(|error| Failure::because("cannot index the stream", &error))?;
        Ok(Self { embedded, store, secrets })
    }

    /// Saves a program as its shop's next version, and makes the secrets the shop lacks.
    pub(crate) async fn apply(
        &mut self,
        file: &ProgramFile,
        now: jiff::Timestamp,
    ) -> Result<Applied, Failure> {
        let applied = file.save(&self.store, now).await?;
        self.secrets.complete([file.shop()])?;
        Ok(applied)
    }

    /// The directory.
    pub(crate) fn dir(&self) -> &Path {
        self.embedded.dir()
    }
}

/// Whether a directory has data of ours.
pub(crate) fn has_data(dir: &Path) -> bool {
    dir.join(DATABASE_NAME).exists()
}

/// A database without its key of identities would take every known customer for a new
/// one: better to stop.
fn refuse_lost_identities(dir: &Path, secrets: &LocalSecrets<'_>) -> Result<(), Failure> {
    if !has_data(dir) || secrets.has_identity_key() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{} has data, but the key that recognises its customers is missing: put {} back, or set \
         REGULARS_IDENTITY_KEY to the key it was made with",
        dir.display(),
        secrets.path().display()
    )))
}

/// Makes a data directory, if it is missing, for its owner's eyes only: the database has
/// people's names and addresses in it.
fn make(dir: &Path) -> Result<(), Failure> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(|error| cannot_keep(dir, &error))
}

fn cannot_keep(dir: &Path, error: &std::io::Error) -> Failure {
    Failure::because(format!("cannot keep data in {}", dir.display()), error)
}

impl Lock {
    /// Takes the lock of a directory, which is made if it is missing. `Ok(Err(who))`:
    /// another process has it.
    pub(crate) fn take(dir: &Path) -> Result<Result<Self, String>, Failure> {
        let cannot = |error| cannot_keep(dir, &error);
        make(dir)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(dir.join(LOCK_NAME)).map_err(cannot)?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0).and_then(|()| file.rewind()).map_err(cannot)?;
                write!(file, "{}", std::process::id()).map_err(cannot)?;
                Ok(Ok(Self(file)))
            }
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Who it is only helps to find it; it may be starting just now.
                let _ = file.read_to_string(&mut holder);
                Ok(Err(holder))
            }
            Err(TryLockError::Error(error)) => Err(cannot(error)),
        }
    }

    /// Takes the lock, or says that another server has it.
    pub(crate) fn of_server(dir: &Path) -> Result<Self, Failure> {
        Self::take(dir)?.map_err(|holder| {
            let process =
                if holder.is_empty() { String::new() } else { format!(" (process {holder})") };
            Failure::new(format!(
                "another regulars{process} runs on {}: stop it, or give --data another directory",
                dir.display()
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use loyalty::ids::Source;
    use loyalty::program::CORNER_BAKERY;

    use super::*;

    fn nothing(_: &str) -> Option<String> {
        None
    }

    fn now() -> jiff::Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    #[tokio::test]
    async fn a_data_directory_keeps_its_shops_and_secrets() {
        let home = tempfile::tempdir().unwrap();
        let data = Data::Dir(home.path().join("data"));
        let file = ProgramFile::parse(Path::new("b.toml"), CORNER_BAKERY.to_owned()).unwrap();
        let mut first = Home::open(&data, &nothing).await.unwrap();
        assert!(matches!(first.apply(&file, now()).await, Ok(Applied::Saved { version: 1, .. })));
        let key = first.secrets.signs(Source::Shopify, file.shop()).unwrap();
        drop(first);

        let mut again = Home::open(&data, &nothing).await.unwrap();
        assert_eq!(again.apply(&file, now()).await, Ok(Applied::Unchanged { version: 1 }));
        assert_eq!(again.secrets.shops().collect::<Vec<_>>(), [file.shop()]);
        let same = secrecy::ExposeSecret::expose_secret;
        assert_eq!(same(&again.secrets.signs(Source::Shopify, file.shop()).unwrap()), same(&key));
    }

    #[test]
    fn a_data_directory_is_made_for_its_owner_alone() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("a/b");
        make(&dir).unwrap();
        let mode = std::fs::metadata(&dir).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        make(&dir).unwrap();
    }

    #[tokio::test]
    async fn data_without_its_identity_key_is_not_opened() {
        let home = tempfile::tempdir().unwrap();
        let data = Data::Dir(home.path().to_owned());
        let first = Home::open(&data, &nothing).await.unwrap();
        std::fs::remove_file(first.secrets.path()).unwrap();
        drop(first);

        let failure = Home::open(&data, &nothing).await.err().unwrap().to_string();
        assert!(failure.contains("REGULARS_IDENTITY_KEY"), "{failure}");
        let given = |name: &str| (name == "REGULARS_IDENTITY_KEY").then(|| "key".to_owned());
        assert!(Home::open(&data, &given).await.is_ok());
    }

    #[test]
    fn a_directory_has_one_server() {
        let home = tempfile::tempdir().unwrap();
        let lock = Lock::of_server(home.path()).unwrap();
        let failure = Lock::of_server(home.path()).unwrap_err().to_string();
        let process = format!("(process {})", std::process::id());
        assert!(failure.contains(&process), "{failure}");
        drop(lock);
        Lock::of_server(home.path()).unwrap();
    }

    #[test]
    fn a_directory_that_cannot_be_written_is_named() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        std::fs::write(&file, "").unwrap();
        let failure = Lock::of_server(&file).unwrap_err().to_string();
        assert!(
            failure.starts_with(&format!("cannot keep data in {}", file.display())),
            "{failure}"
        );
    }
}
