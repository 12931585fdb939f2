#include "app/config.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <charconv>

#include "platform/base/check.hpp"

namespace confidente::app {
namespace {

Error bad_config(std::string detail) {
    return {.kind = ErrorKind::invalid, .code = "bad_config", .detail = std::move(detail)};
}

const Setting* find_setting(std::string_view key) {
    const auto& all = settings();
    const auto found = std::find_if(all.begin(), all.end(), [&](const Setting& s) { return s.key == key; });
    return found == all.end() ? nullptr : &*found;
}

std::string place_of(const toml::node& node, const std::string& file) {
    return file + ":" + std::to_string(node.source().begin.line);
}

/// A TOML value as the text the table understands; nothing for kinds that no setting has.
std::optional<std::string> text_of(const toml::node& node) {
    if (const auto text = node.value_exact<std::string>()) return *text;
    if (const auto number = node.value_exact<std::int64_t>()) return std::to_string(*number);
    const auto* array = node.as_array();
    if (!array) return {};
    std::string joined;
    for (const auto& item : *array) {
        const auto text = item.value_exact<std::string>();
        if (!text || text->find(',') != std::string::npos) return {};
        if (!joined.empty()) joined += ',';
        joined += *text;
    }
    return joined;
}

std::string toml_quoted(std::string_view text) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7F) {
            out += {'\\', 'u', '0', '0', kDigits[byte >> 4], kDigits[byte & 15]};
            continue;
        }
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const auto comma = text.find(',');
        if (comma != 0) parts.emplace_back(text.substr(0, comma));
        text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
    }
    return parts;
}

}  // namespace

const std::vector<Setting>& settings() {
    static const std::vector<Setting> table = {
        {"data.dir", Kind::text, "data", "", 0, 0, "Folder for the database, keys and pictures; made at first start."},
        {"database.url", Kind::url, "", "", 0, 0,
         "postgres://user:password@host/database; empty: the SQLite file confidente.db in data.dir."},
        {"database.readers", Kind::integer, "4", "", 1, 64, "Connections to PostgreSQL that read; one more writes."},
        {"http.address", Kind::text, "127.0.0.1", "", 0, 0, "Address the web server listens on."},
        {"http.port", Kind::integer, "8080", "", 0, 65535, "Port of the web server; 0 takes any free one."},
        {"http.threads", Kind::integer, "0", "", 0, 256, "Threads of the web server; 0 takes one per core."},
        {"http.public_url", Kind::text, "", "", 0, 0,
         "Address people use, such as https://example.org; empty: relative."},
        {"http.cors_origins", Kind::list, "", "", 0, 0, "Other origins whose pages may call the API; exact matches."},
        {"http.trusted_proxies", Kind::list, "", "", 0, 0, "Proxies whose X-Forwarded-For is believed."},
        {"http.tls_certificate", Kind::text, "", "", 0, 0, "PEM file with the certificate chain; empty: plain HTTP."},
        {"http.tls_key", Kind::text, "", "", 0, 0, "PEM file with the private key of the certificate."},
        {"http.requests_per_minute", Kind::integer, "6000", "per minute", 1, 10'000'000,
         "Requests one address may make in the long run."},
        {"http.sockets_per_minute", Kind::integer, "20", "per minute", 1, 1'000'000,
         "Realtime connections one address may open in the long run; twice as many at once."},
        {"web.root", Kind::text, "web/dist", "", 0, 0, "Folder of the built web app; empty serves the API alone."},
        {"media.address", Kind::text, "127.0.0.1", "", 0, 0, "Address the media engine listens on (UDP)."},
        {"media.port", Kind::integer, "40000", "", 0, 65535, "UDP port of all media; 0 takes any free one."},
        {"media.announced", Kind::list, "", "", 0, 0,
         "Addresses told to browsers, where they differ from media.address (behind NAT); 192.0.2.1:41000 where the "
         "port "
         "does too."},
        {"media.tcp_port", Kind::integer, "0", "", -1, 65535,
         "TCP port of media for networks without UDP; 0 takes the number of media.port, -1 none."},
        {"media.publishes_per_minute", Kind::integer, "6", "per minute", 1, 1'000'000,
         "Times one model may begin to send (WHIP)."},
        {"media.plays_per_minute", Kind::integer, "30", "per minute", 1, 1'000'000,
         "Times one viewer may begin to receive (WHEP)."},
        {"media.playbacks_per_account", Kind::integer, "3", "", 1, 1'000'000,
         "Places where one account may watch at a time; a further one ends the oldest."},
        {"turn.urls", Kind::list, "", "", 0, 0,
         "TURN servers, such as turn:turn.example.org:3478 or turns:turn.example.org:443?transport=tcp."},
        {"turn.secret", Kind::secret, "", "", 0, 0, "The static-auth-secret of the TURN servers."},
        {"auth.login_attempts_per_minute", Kind::integer, "20", "per minute", 1, 1'000'000,
         "Logins one address may try."},
        {"auth.login_attempts_per_account", Kind::integer, "5", "per 15 minutes", 1, 1'000'000,
         "Wrong passwords one address may try on one account."},
        {"auth.login_attempts_per_network", Kind::integer, "200", "per hour", 1, 10'000'000,
         "Logins one neighbourhood (IPv4 /24, IPv6 /48) may try."},
        {"auth.registrations_per_hour", Kind::integer, "5", "per hour", 1, 1'000'000, "Accounts one address may make."},
        {"auth.resets_per_hour", Kind::integer, "5", "per hour", 1, 1'000'000,
         "Password reset links one address may ask for."},
        {"auth.resets_per_account_per_hour", Kind::integer, "3", "per hour", 1, 1'000'000,
         "Password reset links one account is sent."},
        {"auth.refreshes_per_minute", Kind::integer, "30", "per minute", 1, 1'000'000,
         "Times one session may renew its tokens."},
        {"mail.from", Kind::text, "no-reply@localhost", "", 0, 0, "Address that mails come from."},
        {"mail.smtp_url", Kind::text, "", "", 0, 0,
         "Relay for mail, as smtp://host:587 or smtps://host:465; empty: files in the data folder."},
        {"mail.smtp_tls", Kind::text, "required", "", 0, 0,
         "required, or none for a relay on this machine; STARTTLS for smtp://."},
        {"mail.smtp_user", Kind::text, "", "", 0, 0, "Account at the relay; empty: none."},
        {"mail.smtp_password", Kind::secret, "", "", 0, 0, "Password at the relay."},
        {"mail.smtp_ca_file", Kind::text, "", "", 0, 0,
         "PEM file with the authority that signed the relay's certificate; empty: the system's."},
        {"wallet.commission_basis_points", Kind::integer, "3000", "1/100 %", 0, 10'000,
         "The house's share of every gift and ticket."},
        {"payments.provider", Kind::text, "sandbox", "", 0, 0, "Who takes the money; sandbox needs nobody."},
        {"log.level", Kind::text, "info", "", 0, 0, "debug, info, warning or error."},
    };
    return table;
}

std::string environment_name(std::string_view key) {
    std::string name = "CONFIDENTE_";
    for (const char c : key) name += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    return name;
}

std::string masked_url(std::string_view url) {
    std::string out{url};
    // The part before the last @ of the authority is user:password.
    if (const auto scheme = out.find("://"); scheme != std::string::npos) {
        const auto end = out.find_first_of("/?#", scheme + 3);
        const auto at = out.rfind('@', end == std::string::npos ? end : end - 1);
        const auto colon = out.find(':', scheme + 3);
        if (at != std::string::npos && colon < at) out.replace(colon + 1, at - colon - 1, "***");
    }
    for (const std::string_view name : {"password=", "sslpassword="}) {
        for (auto found = out.find(name); found != std::string::npos; found = out.find(name, found + 1)) {
            const auto from = found + name.size();
            const bool quoted = from < out.size() && out[from] == '\'';
            const auto end = quoted ? out.find('\'', from + 1) : out.find_first_of("& ", from);
            out.replace(from, end == std::string::npos ? end : end - from + (quoted ? 1 : 0), "***");
        }
    }
    return out;
}

Status Config::set(std::string_view key, std::string value, std::string source) {
    const Setting* setting = find_setting(key);
    if (!setting) return bad_config(source + ": there is no setting \"" + std::string{key} + "\"");
    if (setting->kind == Kind::integer) {
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
        if (error != std::errc{} || end != value.data() + value.size() || number < setting->min ||
            number > setting->max)
            return bad_config(source + ": " + std::string{key} + " must be a whole number from " +
                              std::to_string(setting->min) + " to " + std::to_string(setting->max) + ", not \"" +
                              value + "\"");
    }
    entries_.insert_or_assign(std::string{key}, Entry{std::move(value), std::move(source)});
    return {};
}

Result<Config> Config::load(const std::optional<std::filesystem::path>& file,
                            const std::map<std::string, std::string>& environment,
                            const std::map<std::string, std::string>& flags) {
    Config config;
    for (const Setting& setting : settings())
        TRY_VOID(config.set(setting.key, std::string{setting.default_value}, "default"));
    if (file) {
        const std::string name = file->string();
        toml::table document;
        try {
            document = toml::parse_file(name);
        } catch (const toml::parse_error& e) {
            return bad_config(name + ":" + std::to_string(e.source().begin.line) + ": " + std::string{e.description()});
        }
        for (const auto& [table_name, node] : document) {
            const auto* table = node.as_table();
            if (!table) return bad_config(place_of(node, name) + ": settings stand in tables, such as [http]");
            for (const auto& [key, value] : *table) {
                const auto text = text_of(value);
                const std::string full = std::string{table_name.str()} + "." + std::string{key.str()};
                if (!text) return bad_config(place_of(value, name) + ": " + full + " has a value of the wrong kind");
                TRY_VOID(config.set(full, *text, place_of(value, name)));
            }
        }
    }
    std::map<std::string, std::string> known;
    for (const Setting& setting : settings()) known[environment_name(setting.key)] = std::string{setting.key};
    for (const auto& [name, value] : environment) {
        if (name.rfind("CONFIDENTE_", 0) != 0) continue;
        const auto key = known.find(name);
        if (key == known.end()) return bad_config("environment: there is no setting for \"" + name + "\"");
        TRY_VOID(config.set(key->second, value, "environment " + name));
    }
    for (const auto& [key, value] : flags) TRY_VOID(config.set(key, value, "flag"));
    return config;
}

const Config::Entry& Config::entry(std::string_view key) const {
    const auto found = entries_.find(key);
    check(found != entries_.end());
    return found->second;
}

const std::string& Config::text(std::string_view key) const { return entry(key).value; }

std::int64_t Config::integer(std::string_view key) const { return std::stoll(entry(key).value); }

std::vector<std::string> Config::list(std::string_view key) const { return split(entry(key).value); }

std::string Config::to_toml() const {
    std::string out;
    std::string_view table;
    for (const Setting& setting : settings()) {
        const auto dot = setting.key.find('.');
        if (setting.key.substr(0, dot) != table) {
            table = setting.key.substr(0, dot);
            out += (out.empty() ? "[" : "\n[") + std::string{table} + "]\n";
        }
        const Entry& in_force = entry(setting.key);
        out += std::string{setting.key.substr(dot + 1)} + " = ";
        if (setting.kind == Kind::integer) {
            out += in_force.value;
        } else if (setting.kind == Kind::list) {
            std::string items;
            for (const auto& item : split(in_force.value)) items += (items.empty() ? "" : ", ") + toml_quoted(item);
            out += "[" + items + "]";
        } else {
            const bool masked = setting.kind == Kind::secret && !in_force.value.empty();
            const std::string shown = setting.kind == Kind::url ? masked_url(in_force.value) : in_force.value;
            out += masked ? "\"***\"" : toml_quoted(shown);
        }
        out += "  # " + in_force.source + ". " + std::string{setting.help} + "\n";
    }
    return out;
}

}  // namespace confidente::app
