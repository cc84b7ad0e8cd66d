//! Products that intercept TLS, by the names that their certificates carry.

use crate::observe::tls::Certificate;

/// Words in an issuer's or subject's name, and the product.
const PRODUCTS: &[(&str, &str)] = &[
    ("zscaler", "Zscaler"),
    ("netskope", "Netskope"),
    ("goskope", "Netskope"),
    ("palo alto", "Palo Alto Networks"),
    ("fortinet", "Fortinet"),
    ("fortigate", "Fortinet"),
    ("cisco umbrella", "Cisco Umbrella"),
    ("opendns", "Cisco Umbrella"),
    ("cisco secure", "Cisco Secure Web Appliance"),
    ("blue coat", "Blue Coat"),
    ("bluecoat", "Blue Coat"),
    ("symantec web", "Symantec Web Security"),
    ("skyhigh", "Skyhigh"),
    ("mcafee web", "McAfee Web Gateway"),
    ("forcepoint", "Forcepoint"),
    ("websense", "Forcepoint"),
    ("check point", "Check Point"),
    ("barracuda", "Barracuda"),
    ("sonicwall", "SonicWall"),
    ("watchguard", "WatchGuard"),
    ("sophos", "Sophos"),
    ("smoothwall", "Smoothwall"),
    ("lightspeed", "Lightspeed"),
    ("securly", "Securly"),
    ("iboss", "iboss"),
    ("untangle", "Untangle"),
    ("cloudflare gateway", "Cloudflare Gateway"),
    ("gateway ca - cloudflare", "Cloudflare Gateway"),
    ("cloudflare for teams", "Cloudflare Gateway"),
    ("kaspersky", "Kaspersky"),
    ("eset ssl", "ESET"),
    ("avast", "Avast"),
    ("avg technologies", "AVG"),
    ("avg web", "AVG"),
    ("bitdefender", "Bitdefender"),
    ("norton", "Norton"),
    ("adguard", "AdGuard"),
    ("dr.web", "Dr.Web"),
    ("squid", "Squid"),
    ("mitmproxy", "mitmproxy"),
    ("charles proxy", "Charles"),
    ("fiddler", "Fiddler"),
    ("portswigger", "Burp Suite"),
    ("burp", "Burp Suite"),
    ("proxyman", "Proxyman"),
];

/// The product that signed a chain, where its name tells.
pub fn product(chain: &[Certificate]) -> Option<&'static str> {
    let names: Vec<String> = chain.iter().flat_map(|c| [c.issuer.to_lowercase(), c.subject.to_lowercase()]).collect();
    PRODUCTS.iter().find(|(words, _)| names.iter().any(|name| name.contains(words))).map(|(_, product)| *product)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_names_its_product() {
        let certificate = |issuer: &str| Certificate {
            subject: "CN=huggingface.co".to_owned(),
            issuer: issuer.to_owned(),
            names: Vec::new(),
            not_before: std::time::SystemTime::UNIX_EPOCH,
            not_after: std::time::SystemTime::UNIX_EPOCH,
            self_signed: false,
            sha256: String::new(),
        };
        let zscaler = "C=US, ST=California, O=Zscaler Inc., CN=Zscaler Intermediate Root CA (zscaler.net)";
        assert_eq!(product(&[certificate(zscaler)]), Some("Zscaler"));
        assert_eq!(product(&[certificate("C=US, O=Amazon, CN=Amazon RSA 2048 M03")]), None);
    }
}
