//! The names of secrets, and where their values are found.

use std::fmt;
use std::str::FromStr;

use loyalty::ids::ShopId;

use crate::stack::record::Shop;

/// The name of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Name {
    /// One of the deployment's own.
    Own(Own),
    /// One of a shop's. Without a shop, whose it is is said elsewhere.
    OfShop(Option<ShopId>, Kind),
}

/// A secret of the deployment's own: random, and made here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Own {
    /// The key of all identities.
    Identity,
    /// The token of the JSON API.
    Api,
    /// What the links in mail are signed with.
    Links,
}

/// A secret of a shop's: only its source has the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What Shopify signs with: the client secret of the shop's app.
    Shopify,
    /// The client id of that app: with both, a token for each day is asked for.
    ShopifyClientId,
    /// A token that opens the shop's Shopify API for good, from before client credentials.
    ShopifyToken,
    /// What Square signs with.
    Square,
    /// A token that opens the shop's Square API.
    SquareToken,
}

impl Own {
    pub(crate) const ALL: [Self; 3] = [Self::Identity, Self::Api, Self::Links];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Api => "api",
            Self::Links => "links",
        }
    }
}

impl Kind {
    pub(crate) const ALL: [Self; 5] =
        [Self::Shopify, Self::ShopifyClientId, Self::ShopifyToken, Self::Square, Self::SquareToken];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Shopify => "shopify",
            Self::ShopifyClientId => "shopify-client-id",
            Self::ShopifyToken => "shopify-token",
            Self::Square => "square",
            Self::SquareToken => "square-token",
        }
    }

    /// Where its value is found.
    pub(crate) fn found_at(self) -> &'static str {
        match self {
            Self::Shopify => {
                "the client secret of the shop's app: Shopify's Dev Dashboard, the app, Settings"
            }
            Self::ShopifyClientId => "the client ID beside that client secret",
            Self::ShopifyToken => {
                "an Admin API access token (shpat_…) of an app made in the shop's admin, where \
                 there is one from before 2026"
            }
            Self::Square => {
                "the signature key of the webhook subscription: Square's Developer Console, the \
                 shop's application, Webhooks, Subscriptions"
            }
            Self::SquareToken => {
                "the production access token: Square's Developer Console, the shop's \
                 application, Credentials"
            }
        }
    }
}

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(own) = Own::ALL.into_iter().find(|own| own.as_str() == text) {
            return Ok(Self::Own(own));
        }
        let (shop, kind) = match text.split_once('/') {
            Some((shop, kind)) => (Some(shop), kind),
            None => (None, text),
        };
        let known = Kind::ALL.into_iter().find(|known| known.as_str() == kind);
        let known = known.ok_or_else(|| {
            let kinds = Kind::ALL.map(Kind::as_str).join(", SHOP/");
            format!("there is no such secret; there are identity, api, links, SHOP/{kinds}")
        })?;
        let shop = shop.map(|shop| shop.parse().map_err(|_| "this is no shop's id".to_owned()));
        Ok(Self::OfShop(shop.transpose()?, known))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(own) => f.write_str(own.as_str()),
            Self::OfShop(Some(shop), kind) => write!(f, "{shop}/{}", kind.as_str()),
            Self::OfShop(None, kind) => f.write_str(kind.as_str()),
        }
    }
}

/// What of a shop's secrets is missing, and what each is for. A shop with a domain at Shopify
/// sells there; one without sells at Square.
pub(crate) fn wanted(of: &Shop, is_set: impl Fn(Kind) -> bool) -> Vec<(Kind, &'static str)> {
    let mut wanted = Vec::new();
    let sells_at_square = of.shopify.is_none() || is_set(Kind::Square) || is_set(Kind::SquareToken);
    let mut want = |kind, why| {
        if !is_set(kind) {
            wanted.push((kind, why));
        }
    };
    if of.shopify.is_some() {
        want(Kind::Shopify, "without it no webhook of Shopify's is believed");
        if !is_set(Kind::ShopifyToken) {
            want(Kind::ShopifyClientId, "without it nothing is looked up at Shopify");
        }
    }
    if sells_at_square {
        want(Kind::Square, "without it no webhook of Square's is believed");
        want(Kind::SquareToken, "without it nothing is looked up at Square");
    }
    wanted
}
