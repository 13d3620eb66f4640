//! From which address a request comes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::http::{Extensions, HeaderMap};

use super::network::{Network, any_contains};

/// Who opened the connection; the accept loop notes it on each request.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// The address to hold a caller by. `X-Forwarded-For` is believed only as far as `proxies` wrote it:
/// from the right, the first address that is none of them.
pub fn address(extensions: &Extensions, headers: &HeaderMap, proxies: &[Network]) -> IpAddr {
    let peer = extensions.get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.0);
    let peer = peer.to_canonical();
    if !any_contains(proxies, peer) {
        return peer;
    }
    let forwarded =
        headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let listed =
        forwarded.flat_map(|value| value.split(',')).map(|text| text.trim().parse::<IpAddr>());
    let mut nearest_first = listed.collect::<Vec<_>>();
    nearest_first.reverse();
    // What cannot be read cannot be believed, nor anything before it.
    let known =
        nearest_first.into_iter().map_while(Result::ok).map(|address| address.to_canonical());
    let mut last = peer;
    for address in known {
        last = address;
        if !any_contains(proxies, address) {
            break;
        }
    }
    last
}

/// Whose address it is, as far as an address tells: of the new kind everybody has 64 bits of them.
pub fn network(address: IpAddr) -> IpAddr {
    masked(address, 64)
}

/// What a provider may give to one customer: up to 65536 networks.
pub fn site(address: IpAddr) -> IpAddr {
    masked(address, 48)
}

fn masked(address: IpAddr, bits: u32) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - bits))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_proxies_are_believed() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let proxies = ["10.0.0.1", "10.0.0.2", "fd00::/8"].map(|text| text.parse().unwrap());
        for (peer, forwarded, expected) in [
            ("203.0.113.9", "198.51.100.7", "203.0.113.9"),
            ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
            ("10.0.0.1", "1.2.3.4, 198.51.100.7", "198.51.100.7"),
            ("10.0.0.1", "1.2.3.4, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
            ("10.0.0.1", "1.2.3.4, nonsense", "10.0.0.1"),
            ("10.0.0.1", "", "10.0.0.1"),
            ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
            ("fd12::9", "1.2.3.4, 198.51.100.7, fd00::1", "198.51.100.7"),
        ] {
            let mut extensions = Extensions::new();
            extensions.insert(Peer(ip(peer)));
            let headers = HeaderMap::from_iter([(
                axum::http::HeaderName::from_static("x-forwarded-for"),
                forwarded.parse().unwrap(),
            )]);
            let found = address(&extensions, &headers, &proxies);
            assert_eq!(found, ip(expected), "{peer} {forwarded}");
        }
    }

    #[test]
    fn one_customer_is_one_network() {
        for (one, other, same) in [
            ("2001:db8::1", "2001:db8::ffff:1", true),
            ("2001:db8::1", "2001:db8:0:1::1", false),
            ("10.0.0.1", "::ffff:10.0.0.1", true),
            ("10.0.0.1", "10.0.0.2", false),
        ] {
            let [one, other] = [one, other].map(|text| network(text.parse().unwrap()));
            assert_eq!(one == other, same, "{one} {other}");
        }
    }
}
