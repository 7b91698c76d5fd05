//! Whether a shop's mail can be sent, and is believed: what live mail asks for. What was found
//! is kept with the shop's settings of mail, as the proof that they ask for.

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::operation::get_account::GetAccountOutput;
use aws_sdk_sesv2::operation::get_configuration_set::GetConfigurationSetOutput;
use aws_sdk_sesv2::operation::get_email_identity::GetEmailIdentityOutput;
use aws_sdk_sesv2::types::{DkimStatus, MailFromDomainStatus, TlsPolicy};
use jiff::Timestamp;
use loyalty::ids::ShopId;
use platform::sender::{SenderCheck, is_freemail};
use platform::store::MailMode;

use super::dns::Dns;
use super::report::{Report, State};
use crate::failure::Failure;
use crate::stack::record::Shop;
use crate::stack::{Stack, refused};

/// What SES says of a shop's sender; what it doesn't know is `None`.
#[derive(Debug)]
struct Ses {
    account: GetAccountOutput,
    identity: Option<GetEmailIdentityOutput>,
    set: Option<GetConfigurationSetOutput>,
}

/// Looks at every shop's.
pub(super) async fn look(stack: &Stack, dns: &Dns, now: Timestamp, report: &mut Report) {
    for (shop, of) in &stack.record.shops {
        let check = format!("mail of {shop}");
        if let Err(failure) = look_at(stack, dns, (shop, of), now, report).await {
            report.wrong(&check, failure);
        }
    }
}

async fn look_at(
    stack: &Stack,
    dns: &Dns,
    (shop, of): (&ShopId, &Shop),
    now: Timestamp,
    report: &mut Report,
) -> Result<(), Failure> {
    let check = format!("mail of {shop}");
    let unreadable = |error| Failure::because("its settings can't be read", &error);
    let settings = stack.store.mail_settings(shop).await.map_err(unreadable)?;
    let status = stack.store.status(shop).await.map_err(unreadable)?;
    let name = &stack.record.stack;
    let (Some(from), Some(domain)) = (settings.from.as_deref(), settings.domain()) else {
        report.todo(
            &check,
            format_args!(
                "it comes from nobody yet: `regulars mail sender --from hello@{} --shop {shop} \
                 --stack {name}`",
                of.mail_domain
            ),
        );
        return Ok(());
    };
    let ses = ses(stack, of).await?;
    let mut missing = domain_lacks(from, domain, of);
    missing.extend(ses.lacks(of));
    if dns.dmarc(domain).await?.is_none() {
        missing.push(format!(
            "no DMARC: add the DNS record TXT _dmarc.{domain} with \"v=DMARC1; p=none\""
        ));
    }
    // Mail that goes to customers already and isn't believed is harm being done.
    let state = if status.mail_mode == MailMode::Live { State::Wrong } else { State::Todo };
    for one in &missing {
        report.add(state, &check, one);
    }
    if missing.is_empty() {
        report.ok(&check, format_args!("{domain} is verified, signed and believed"));
    }
    let found = SenderCheck { at: now, domain: domain.to_owned(), missing };
    stack.store.keep_sender_check(shop, found).await.map_err(|error| {
        Failure::because("what was found can't be kept, so that live mail waits for it", &error)
    })?;
    Ok(())
}

async fn ses(stack: &Stack, of: &Shop) -> Result<Ses, Failure> {
    let client: Client = stack.connection.ses();
    let account = client.get_account().send().await;
    let account = account.map_err(|error| refused("SES can't be asked", &error))?;
    let identity = match client.get_email_identity().email_identity(&of.mail_domain).send().await {
        Ok(found) => Some(found),
        Err(error) if error.as_service_error().is_some_and(|it| it.is_not_found_exception()) => {
            None
        }
        Err(error) => return Err(refused("SES can't be asked for the identity", &error)),
    };
    let set = client.get_configuration_set().configuration_set_name(&of.configuration_set);
    let set = match set.send().await {
        Ok(found) => Some(found),
        Err(error) if error.as_service_error().is_some_and(|it| it.is_not_found_exception()) => {
            None
        }
        Err(error) => return Err(refused("SES can't be asked for the configuration set", &error)),
    };
    Ok(Ses { account, identity, set })
}

/// What is missing about the domains alone.
fn domain_lacks(from: &str, domain: &str, of: &Shop) -> Vec<String> {
    let mut missing = Vec::new();
    if is_freemail(from) {
        missing.push(
            "mail comes from a provider of mailboxes, whose own rules have it refused: use an \
             address of the shop's own domain"
                .to_owned(),
        );
    }
    let verified = &of.mail_domain;
    if !is_of(domain, verified) {
        missing.push(format!(
            "mail comes from {domain}, and the stack proves {verified}: use an address there, or \
             set the shop's mail_domain and `terraform apply`"
        ));
    }
    match of.link_url.as_deref().map(host) {
        None => missing.push(format!(
            "links in mail lead to a host of Amazon's: set the shop's link host below {verified}, \
             and `terraform apply`"
        )),
        Some(host) if !is_of(host, verified) => missing.push(format!(
            "links in mail lead to {host}, which isn't of {verified}: set a link host below it"
        )),
        Some(_) => {}
    }
    missing
}

impl Ses {
    /// What is missing at SES.
    fn lacks(&self, of: &Shop) -> Vec<String> {
        let mut missing = self.identity_lacks(of);
        match &self.set {
            None => missing.push(format!(
                "there is no configuration set {}: `terraform apply` makes it",
                of.configuration_set
            )),
            Some(set) => {
                let tls = set.delivery_options().and_then(|options| options.tls_policy());
                if tls != Some(&TlsPolicy::Require) {
                    missing.push(
                        "the configuration set doesn't require TLS: `terraform apply`".to_owned(),
                    );
                }
                if set.sending_options().is_some_and(|options| !options.sending_enabled) {
                    missing.push(
                        "the configuration set doesn't send: look why in the console of SES, \
                         Configuration sets"
                            .to_owned(),
                    );
                }
            }
        }
        if !self.account.production_access_enabled {
            missing.push(
                "the account is in the sandbox of SES: ask for production access in its console, \
                 Account dashboard"
                    .to_owned(),
            );
        }
        if !self.account.sending_enabled {
            missing.push("SES has stopped this account: look at its console".to_owned());
        }
        missing
    }

    fn identity_lacks(&self, of: &Shop) -> Vec<String> {
        let domain = &of.mail_domain;
        let Some(identity) = &self.identity else {
            return vec![format!("SES doesn't know {domain}: `terraform apply` tells it")];
        };
        let mut missing = Vec::new();
        let records = "the DNS records that `terraform output` lists have to be there; it may \
                       take hours";
        if !identity.verified_for_sending_status {
            missing.push(format!("{domain} isn't verified: {records}"));
        }
        let dkim = identity.dkim_attributes();
        let signs = |dkim: &&aws_sdk_sesv2::types::DkimAttributes| {
            dkim.signing_enabled && dkim.status() == Some(&DkimStatus::Success)
        };
        if dkim.filter(signs).is_none() {
            missing.push(format!("mail of {domain} isn't signed by DKIM: {records}"));
        }
        let bounces = identity.mail_from_attributes();
        let is_ready = bounces.is_some_and(|bounces| {
            is_of(bounces.mail_from_domain(), domain)
                && bounces.mail_from_domain_status() == &MailFromDomainStatus::Success
        });
        if !is_ready {
            missing.push(match &of.mail_from_domain {
                Some(expected) => format!("the MAIL FROM domain {expected} isn't ready: {records}"),
                None => format!(
                    "no MAIL FROM domain: set the shop's mail_from_domain below {domain}, and \
                     `terraform apply`"
                ),
            });
        }
        missing
    }
}

/// Whether a host or domain is `domain` or below it.
fn is_of(host: &str, domain: &str) -> bool {
    let (host, domain) = (host.to_lowercase(), domain.to_lowercase());
    host.strip_suffix(&domain).is_some_and(|below| below.is_empty() || below.ends_with('.'))
}

fn host(url: &str) -> &str {
    let rest = url.strip_prefix("https://").unwrap_or(url);
    rest.split(['/', ':']).next().unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_of_a_domain_where_it_is_it_or_below_it() {
        for host in ["corner.example", "points.corner.example", "Points.Corner.example"] {
            assert!(is_of(host, "corner.example"), "{host}");
        }
        for host in ["notcorner.example", "corner.example.evil", "example", ""] {
            assert!(!is_of(host, "corner.example"), "{host}");
        }
        assert_eq!(host("https://points.corner.example:443/x"), "points.corner.example");
    }
}
