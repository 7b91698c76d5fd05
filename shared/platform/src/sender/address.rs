//! What an address is like: whether a shop's mail can come from it, and whether anybody reads
//! what comes in there.

/// Providers with the same name in many countries: `yahoo.de`, `yahoo.co.uk`.
const PROVIDERS: &[&str] = &["aol", "gmx", "hotmail", "live", "outlook", "yahoo", "yandex"];

/// Other domains where anybody gets an address.
const PROVIDERS_DOMAINS: &[&str] = &[
    "126.com",
    "163.com",
    "aim.com",
    "att.net",
    "btinternet.com",
    "comcast.net",
    "fastmail.com",
    "free.fr",
    "freenet.de",
    "gmail.com",
    "googlemail.com",
    "hey.com",
    "icloud.com",
    "laposte.net",
    "libero.it",
    "mac.com",
    "mail.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "orange.fr",
    "pm.me",
    "posteo.de",
    "proton.me",
    "protonmail.ch",
    "protonmail.com",
    "qq.com",
    "rocketmail.com",
    "sbcglobal.net",
    "t-online.de",
    "tuta.com",
    "tuta.io",
    "tutanota.com",
    "verizon.net",
    "wanadoo.fr",
    "web.de",
    "ymail.com",
    "zohomail.com",
];

/// How addresses begin that nobody reads, without their dots and hyphens.
const UNREAD: &[&str] = &["noreply", "donotreply", "nichtantworten", "nepasrepondre"];

/// Whether anybody may have an address at its domain. Such a domain tells the world by DMARC
/// that its mail comes from its own servers alone, so ours would be refused or called spam.
pub(super) fn is_freemail(address: &str) -> bool {
    let Some((_, domain)) = address.rsplit_once('@') else { return false };
    let domain = domain.to_ascii_lowercase();
    // A domain below theirs is theirs too.
    let mut rest = Some(domain.as_str());
    while let Some(domain) = rest {
        let of_country = domain
            .split_once('.')
            .is_some_and(|(name, top)| PROVIDERS.contains(&name) && is_public(top));
        if of_country || PROVIDERS_DOMAINS.contains(&domain) {
            return true;
        }
        rest = domain.split_once('.').map(|(_, above)| above);
    }
    false
}

/// Whether domains are sold under it: `com`, `de`, `co.uk`, `com.br`. A shop may own
/// `live.bakery`.
fn is_public(top: &str) -> bool {
    let is_country = |top: &str| top.len() == 2;
    match top.split_once('.') {
        None => is_country(top) || ["com", "net"].contains(&top),
        Some((second, top)) => ["co", "com"].contains(&second) && is_country(top),
    }
}

/// Whether an address says itself that nobody reads what comes in.
pub(super) fn is_unread(address: &str) -> bool {
    let local = address.rsplit_once('@').map_or(address, |(local, _)| local);
    let letters: String = local.chars().filter(char::is_ascii_alphanumeric).collect();
    let letters = letters.to_ascii_lowercase();
    UNREAD.iter().any(|unread| letters.contains(unread))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_anybody_may_have_is_told_from_a_shops_own() {
        for domain in [
            "gmail.com",
            "GMail.com",
            "yahoo.com",
            "yahoo.co.uk",
            "yahoo.com.br",
            "outlook.de",
            "hotmail.fr",
            "live.com",
            "icloud.com",
            "aol.com",
            "gmx.net",
            "gmx.at",
            "web.de",
            "proton.me",
            "mail.gmail.com",
        ] {
            assert!(is_freemail(&format!("shop@{domain}")), "{domain}");
        }
        for domain in [
            "corner.example",
            "live.bakery",
            "outlook.corner.example",
            "yahoo.corner.de",
            "notgmail.com",
            "gmail.corner.example",
            "web.de.corner.example",
        ] {
            assert!(!is_freemail(&format!("shop@{domain}")), "{domain}");
        }
    }

    #[test]
    fn an_address_that_nobody_reads_says_so_itself() {
        for local in ["noreply", "no-reply", "No.Reply", "no_reply+shop", "do-not-reply"] {
            assert!(is_unread(&format!("{local}@corner.example")), "{local}");
        }
        for local in ["hello", "reply", "nora"] {
            assert!(!is_unread(&format!("{local}@noreply.example")), "{local}");
        }
    }
}
