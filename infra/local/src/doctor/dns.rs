//! DNS, asked as any receiver of mail asks it.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, RecordType};

use crate::failure::Failure;

/// Where Linux and macOS keep which servers are asked.
const SERVERS: &str = "/etc/resolv.conf";

/// How long one server is waited for.
const PATIENCE: Duration = Duration::from_secs(3);

/// A resolver.
#[derive(Debug)]
pub(super) struct Dns(TokioResolver);

impl Dns {
    /// By the servers that this machine asks.
    pub(super) fn of_this_machine() -> Result<Self, Failure> {
        let text = std::fs::read_to_string(SERVERS)
            .map_err(|error| Failure::because(format_args!("cannot read {SERVERS}"), &error))?;
        let servers: Vec<IpAddr> = servers(&text).collect();
        if servers.is_empty() {
            return Err(Failure::new(format!("{SERVERS} names no server to ask")));
        }
        Self::asking(servers.into_iter().map(|ip| SocketAddr::new(ip, 53)))
    }

    /// By these servers.
    pub(super) fn asking(servers: impl IntoIterator<Item = SocketAddr>) -> Result<Self, Failure> {
        let server = |at: SocketAddr| {
            let [mut udp, mut tcp] = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
            (udp.port, tcp.port) = (at.port(), at.port());
            NameServerConfig::new(at.ip(), true, vec![udp, tcp])
        };
        let config = ResolverConfig::from_name_servers(servers.into_iter().map(server).collect());
        let provider = TokioRuntimeProvider::default();
        let mut builder = TokioResolver::builder_with_config(config, provider);
        builder.options_mut().timeout = PATIENCE;
        let resolver = builder.build();
        resolver.map(Self).map_err(|error| Failure::because("DNS can't be asked", &error))
    }

    /// The DMARC record that mail from a domain is judged by: its own, or that of the nearest
    /// domain above it; `None` where there is none.
    pub(super) async fn dmarc(&self, domain: &str) -> Result<Option<String>, Failure> {
        let mut domain = domain;
        // A top-level domain alone is nobody's.
        while domain.contains('.') {
            let texts = self.texts(&format!("_dmarc.{domain}.")).await?;
            if let Some(found) = texts.into_iter().find(|text| text.starts_with("v=DMARC1")) {
                return Ok(Some(found));
            }
            domain = domain.split_once('.').map_or("", |(_, above)| above);
        }
        Ok(None)
    }

    async fn texts(&self, name: &str) -> Result<Vec<String>, Failure> {
        match self.0.lookup(name, RecordType::TXT).await {
            Ok(found) => Ok(found
                .answers()
                .iter()
                .filter_map(|record| match &record.data {
                    RData::TXT(text) => {
                        Some(String::from_utf8_lossy(&text.txt_data.concat()).into_owned())
                    }
                    _ => None,
                })
                .collect()),
            Err(error) if error.is_no_records_found() => Ok(Vec::new()),
            Err(error) => {
                Err(Failure::because(format_args!("DNS can't be asked for {name}"), &error))
            }
        }
    }
}

fn servers(text: &str) -> impl Iterator<Item = IpAddr> {
    text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some("nameserver")).then(|| words.next()?.parse().ok()).flatten()
    })
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use hickory_resolver::proto::op::{Message, OpCode, ResponseCode};
    use hickory_resolver::proto::rr::{Record, rdata::TXT};
    use tokio::net::UdpSocket;

    use super::*;

    /// A server of DNS that has these texts.
    pub(crate) async fn with(texts: &[(&str, &str)]) -> Dns {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let at = socket.local_addr().unwrap();
        let texts: BTreeMap<String, String> =
            texts.iter().map(|(name, text)| (format!("{name}."), (*text).to_owned())).collect();
        tokio::spawn(async move {
            let mut buffer = [0; 1500];
            while let Ok((length, peer)) = socket.recv_from(&mut buffer).await {
                let asked = Message::from_vec(&buffer[..length]).unwrap();
                let query = asked.queries[0].clone();
                let name = query.name().clone();
                let mut answer = match texts.get(&name.to_string()) {
                    None => {
                        Message::error_msg(asked.metadata.id, OpCode::Query, ResponseCode::NXDomain)
                    }
                    Some(text) => {
                        let mut answer = Message::response(asked.metadata.id, OpCode::Query);
                        let text = RData::TXT(TXT::new(vec![text.clone()]));
                        answer.add_answer(Record::from_rdata(name, 60, text));
                        answer
                    }
                };
                answer.add_query(query);
                socket.send_to(&answer.to_vec().unwrap(), peer).await.unwrap();
            }
        });
        Dns::asking([at]).unwrap()
    }

    #[tokio::test]
    async fn dmarc_is_the_domains_own_or_the_nearest_above() {
        let dns = with(&[
            ("_dmarc.corner.example", "v=DMARC1; p=none"),
            ("_dmarc.mail.corner.example", "something else"),
        ])
        .await;
        let found = Some("v=DMARC1; p=none".to_owned());
        assert_eq!(dns.dmarc("corner.example").await.unwrap(), found);
        assert_eq!(dns.dmarc("mail.corner.example").await.unwrap(), found);
        assert_eq!(dns.dmarc("harbour.example").await.unwrap(), None);
    }

    #[test]
    fn the_servers_of_a_machine_are_read() {
        let text = "# made by somebody\nsearch example\nnameserver 10.0.0.2\nnameserver fd00::1\n";
        let found: Vec<String> = servers(text).map(|ip| ip.to_string()).collect();
        assert_eq!(found, ["10.0.0.2", "fd00::1"]);
    }
}
