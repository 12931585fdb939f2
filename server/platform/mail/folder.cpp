#include <fcntl.h>
#include <unistd.h>

#include "platform/base/ids.hpp"
#include "platform/mail/mailer.hpp"

namespace confidente::mail {
namespace {

Error cannot_write(const std::filesystem::path& file) {
    return {.kind = ErrorKind::unavailable,
            .code = "mail_unavailable",
            .detail = "Mail cannot be written.",
            .cause = "cannot write " + file.string()};
}

bool write_whole(const std::filesystem::path& file, std::string_view bytes) {
    const int out = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (out < 0) return false;
    while (!bytes.empty()) {
        const auto written = ::write(out, bytes.data(), bytes.size());
        if (written <= 0) break;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    const bool whole = bytes.empty() && ::fsync(out) == 0;
    ::close(out);
    return whole;
}

class FolderMailer final : public Mailer {
public:
    FolderMailer(std::filesystem::path folder, Sender sender, const Clock& clock, Random& random)
        : folder_(std::move(folder)), sender_(std::move(sender)), clock_(clock), random_(random) {}

    Status send(const Message& message) override {
        const auto now = clock_.utc_now();
        TRY(const auto bytes, compose(message, sender_, Encoding::eight_bit, now, random_));
        const auto name = make_uuid_v7(now, random_);
        const auto draft = folder_ / ("." + name + ".draft"), file = folder_ / (name + ".eml");
        std::error_code failed;
        std::filesystem::create_directories(folder_, failed);
        if (!failed) std::filesystem::permissions(folder_, std::filesystem::perms::owner_all, failed);
        if (failed) return cannot_write(folder_);
        const bool written = write_whole(draft, bytes);
        if (written) std::filesystem::rename(draft, file, failed);
        if (written && !failed) return {};
        std::filesystem::remove(draft, failed);
        return cannot_write(file);
    }

private:
    std::filesystem::path folder_;
    Sender sender_;
    const Clock& clock_;
    Random& random_;
};

}  // namespace

std::unique_ptr<Mailer> make_folder_mailer(std::filesystem::path folder, Sender sender, const Clock& clock,
                                           Random& random) {
    return std::make_unique<FolderMailer>(std::move(folder), std::move(sender), clock, random);
}

}  // namespace confidente::mail
