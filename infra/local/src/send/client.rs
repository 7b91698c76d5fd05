//! One HTTP/1.1 request over a plain connection.

use std::time::Duration;

use http::{HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::BodyExt;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::failure::Failure;

/// Longer than any server of ours takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a server is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    url: String,
    host: String,
    address: String,
    base: String,
}

impl Target {
    /// Reads `http://host[:port][/base]`.
    pub(super) fn parse(url: &str) -> Result<Self, Failure> {
        let unfit = |why: &str| {
            Failure::new(format!("`{url}` {why}: give one such as http://127.0.0.1:8787"))
        };
        let uri: Uri = url.parse().map_err(|_| unfit("is no URL"))?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => return Err(unfit("asks for TLS, which this command doesn't speak")),
            _ => return Err(unfit("is no http:// URL")),
        }
        let authority = uri.authority().ok_or_else(|| unfit("names no host"))?;
        let base = uri.path().trim_end_matches('/').to_owned();
        let port = authority.port_u16().unwrap_or(80);
        Ok(Self {
            url: url.to_owned(),
            host: authority.as_str().to_owned(),
            address: format!("{}:{port}", authority.host()),
            base,
        })
    }

    /// A path there.
    pub(super) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

/// Sends a request, and gives the status and the text of the answer.
pub(super) async fn send(
    target: &Target,
    request: Request<String>,
) -> Result<(StatusCode, String), Failure> {
    match tokio::time::timeout(PATIENCE, exchange(target, request)).await {
        Ok(answer) => answer,
        Err(_) => Err(Failure::new(format!("{} didn't answer within 30 seconds", target.url))),
    }
}

async fn exchange(
    target: &Target,
    mut request: Request<String>,
) -> Result<(StatusCode, String), Failure> {
    let url = &target.url;
    let stream = TcpStream::connect(&target.address).await.map_err(|error| {
        Failure::because(
            format!("no server answers at {url} (`regulars serve` starts one)"),
            &error,
        )
    })?;
    let failed = |error: hyper::Error| Failure::because(format!("{url} didn't answer"), &error);
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
    let host = HeaderValue::from_str(&target.host)
        .map_err(|error| Failure::because(format!("`{url}` names no host"), &error))?;
    request.headers_mut().insert(header::HOST, host);
    let driving = tokio::spawn(connection);
    let answer = sender.send_request(request).await.map_err(failed)?;
    let status = answer.status();
    let body = answer.into_body().collect().await.map_err(failed)?.to_bytes();
    driving.abort();
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_read_from_its_url() {
        let target = Target::parse("http://localhost:8787/").unwrap();
        assert_eq!(
            (target.address.as_str(), target.host.as_str()),
            ("localhost:8787", "localhost:8787")
        );
        assert_eq!(target.path("/webhooks"), "/webhooks");
        let target = Target::parse("http://[::1]/stage/").unwrap();
        assert_eq!((target.address.as_str(), target.path("/a").as_str()), ("[::1]:80", "/stage/a"));
    }

    #[track_caller]
    fn refused(url: &str, why: &str) {
        let failure = Target::parse(url).unwrap_err().to_string();
        assert!(failure.contains(why), "{failure}");
    }

    #[test]
    fn only_plain_http_is_spoken() {
        refused("https://example.com", "TLS");
        refused("ftp://example.com", "no http:// URL");
        refused("127.0.0.1:8787", "no");
        refused("not a url", "no URL");
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_told_with_what_to_do() {
        let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", free.local_addr().unwrap());
        drop(free);
        let target = Target::parse(&url).unwrap();
        let failure = send(&target, Request::new(String::new())).await.unwrap_err().to_string();
        assert!(failure.contains("`regulars serve` starts one"), "{failure}");
    }
}
