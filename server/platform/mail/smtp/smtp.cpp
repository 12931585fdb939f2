#include "platform/mail/smtp/smtp.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <cstring>

namespace confidente::mail {
namespace {

constexpr long kConnectSeconds = 10, kSendSeconds = 30;
constexpr int kPermanent = 500;  // RFC 5321 §4.2.1: from here on trying again is of no use

Error bad_config(std::string detail) {
    return {.kind = ErrorKind::invalid, .code = "bad_config", .detail = std::move(detail)};
}

/// `smtp://[::1]:25/x` → `::1`.
std::string host_of(std::string_view url) {
    url.remove_prefix(url.find("://") + 3);
    url = url.substr(0, url.find('/'));
    if (const auto at = url.rfind('@'); at != std::string_view::npos) url.remove_prefix(at + 1);
    if (url.starts_with('[')) return std::string{url.substr(1, url.find(']') - 1)};
    return std::string{url.substr(0, url.find(':'))};
}

bool is_loopback(const std::string& host) { return host == "localhost" || host == "::1" || host.starts_with("127."); }

struct Upload {
    std::string_view rest;
};

std::size_t read_upload(char* to, std::size_t size, std::size_t count, void* from) {
    auto& upload = *static_cast<Upload*>(from);
    const auto taken = std::min(size * count, upload.rest.size());
    std::memcpy(to, upload.rest.data(), taken);
    upload.rest.remove_prefix(taken);
    return taken;
}

int stop_when_told(void* stopping, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<const std::atomic<bool>*>(stopping)->load() ? 1 : 0;
}

std::size_t ignore(char*, std::size_t size, std::size_t count, void*) { return size * count; }

struct FreeCurl {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

class SmtpMailer final : public Mailer {
public:
    SmtpMailer(SmtpConfig config, Sender sender, const Clock& clock, Random& random)
        : config_(std::move(config)), sender_(std::move(sender)), clock_(clock), random_(random) {
        curl_global_init(CURL_GLOBAL_DEFAULT);
    }
    ~SmtpMailer() override { curl_global_cleanup(); }
    SmtpMailer(const SmtpMailer&) = delete;
    SmtpMailer& operator=(const SmtpMailer&) = delete;

    void stop() override { stopping_ = true; }

    Status send(const Message& message) override {
        TRY(const auto bytes, compose(message, sender_, Encoding::quoted_printable, clock_.utc_now(), random_));
        const std::unique_ptr<CURL, FreeCurl> curl{curl_easy_init()};
        const auto from = "<" + sender_.address + ">", to = "<" + message.to + ">";
        const std::unique_ptr<curl_slist, FreeCurl> recipients{curl_slist_append(nullptr, to.c_str())};
        if (!curl || !recipients) return unavailable("no memory");
        Upload upload{bytes};
        set_up(curl.get());
        curl_easy_setopt(curl.get(), CURLOPT_MAIL_FROM, from.c_str());
        curl_easy_setopt(curl.get(), CURLOPT_MAIL_RCPT, recipients.get());
        curl_easy_setopt(curl.get(), CURLOPT_READDATA, &upload);
        curl_easy_setopt(curl.get(), CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(bytes.size()));
        const auto outcome = curl_easy_perform(curl.get());
        if (outcome == CURLE_OK) return {};
        long reply = 0;
        curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &reply);
        // The relay's words may repeat the recipient's address, so only its number is told.
        const auto cause = std::string{curl_easy_strerror(outcome)} + ", reply " + std::to_string(reply);
        const bool about_message = outcome == CURLE_SEND_ERROR || outcome == CURLE_WEIRD_SERVER_REPLY;
        if (about_message && reply >= kPermanent)
            return Error{.kind = ErrorKind::unprocessable,
                         .code = "mail_refused",
                         .detail = "The mail was refused.",
                         .cause = cause};
        return unavailable(cause);
    }

private:
    static Error unavailable(std::string cause) {
        return {.kind = ErrorKind::unavailable,
                .code = "mail_unavailable",
                .detail = "Mail cannot be sent.",
                .cause = std::move(cause)};
    }

    void set_up(CURL* curl) const {
        curl_easy_setopt(curl, CURLOPT_URL, config_.url.c_str());
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
        curl_easy_setopt(curl, CURLOPT_USE_SSL, config_.tls_required ? CURLUSESSL_ALL : CURLUSESSL_TRY);
        curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
        if (!config_.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, config_.ca_file.c_str());
        if (!config_.user.empty()) {
            curl_easy_setopt(curl, CURLOPT_USERNAME, config_.user.c_str());
            curl_easy_setopt(curl, CURLOPT_PASSWORD, config_.password.c_str());
        }
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, &read_upload);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &ignore);
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, kSendSeconds);
        curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &stop_when_told);
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, const_cast<std::atomic<bool>*>(&stopping_));
    }

    SmtpConfig config_;
    Sender sender_;
    const Clock& clock_;
    Random& random_;
    std::atomic<bool> stopping_{false};
};

}  // namespace

Result<std::unique_ptr<Mailer>> make_smtp_mailer(SmtpConfig config, Sender sender, const Clock& clock, Random& random) {
    if (!config.url.starts_with("smtp://") && !config.url.starts_with("smtps://"))
        return bad_config("mail.smtp_url must begin with smtp:// or smtps://");
    const auto host = host_of(config.url);
    if (host.empty()) return bad_config("mail.smtp_url names no host");
    if (config.url.find('@') != std::string::npos)
        return bad_config("mail.smtp_url holds no credentials; use mail.smtp_user and mail.smtp_password");
    if (!config.tls_required && !is_loopback(host))
        return bad_config("mail.smtp_tls may be \"none\" for a relay on this machine only, not for " + host);
    if (!is_address(sender.address)) return bad_config("mail.from must be one bare address");
    return std::unique_ptr<Mailer>{std::make_unique<SmtpMailer>(std::move(config), std::move(sender), clock, random)};
}

}  // namespace confidente::mail
