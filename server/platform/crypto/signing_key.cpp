#include "platform/crypto/signing_key.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "platform/base/bytes.hpp"
#include "platform/base/check.hpp"
#include "platform/crypto/hash.hpp"

namespace confidente::crypto {
namespace {

struct Descriptor {
    int fd;
    ~Descriptor() {
        if (fd >= 0) ::close(fd);
    }
};
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

std::string new_seed(Random& random) {
    std::string seed(kSeedBytes, '\0');
    random.fill(std::as_writable_bytes(std::span{seed.data(), seed.size()}));
    return seed;
}

Result<std::string> create(const std::filesystem::path& file, Random& random) {
    const Descriptor out{::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (out.fd < 0) return internal_error("cannot create the signing key " + file.string());
    auto seed = new_seed(random);
    const auto written = ::write(out.fd, seed.data(), seed.size());
    if (written != static_cast<ssize_t>(seed.size()) || ::fsync(out.fd) != 0)
        return internal_error("cannot write the signing key " + file.string());
    return seed;
}

}  // namespace

Result<SigningKey> SigningKey::load_or_create(const std::filesystem::path& file, Random& random) {
    const Descriptor in{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (in.fd < 0) {
        if (errno != ENOENT) return internal_error("cannot open the signing key " + file.string());
        TRY(const auto seed, create(file, random));
        return from_seed(seed);
    }
    struct stat about {};
    if (::fstat(in.fd, &about) != 0 || !S_ISREG(about.st_mode) || (about.st_mode & 077) != 0)
        return internal_error("the signing key " + file.string() + " may be read by others; its mode must be 0600");
    std::array<char, kSeedBytes + 1> bytes{};
    if (::read(in.fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(kSeedBytes))
        return internal_error("the signing key " + file.string() + " has not 32 bytes");
    return from_seed({bytes.data(), kSeedBytes});
}

Result<SigningKey> SigningKey::generate(Random& random) { return from_seed(new_seed(random)); }

Result<SigningKey> SigningKey::from_seed(std::string_view seed) {
    SigningKey made;
    made.key_.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, as_bytes(seed).data(), seed.size()),
                    EVP_PKEY_free);
    std::array<std::uint8_t, 32> open{};
    std::size_t length = open.size();
    if (!made.key_ || EVP_PKEY_get_raw_public_key(made.key_.get(), open.data(), &length) != 1)
        return internal_error("Ed25519 is not available");
    made.kid_ = sha256_hex(as_text(open)).substr(0, 16);
    return made;
}

std::string SigningKey::public_key() const {
    std::string open(32, '\0');
    std::size_t length = open.size();
    check(EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<std::uint8_t*>(open.data()), &length) == 1);
    return open;
}

std::string SigningKey::sign(std::string_view message) const {
    const Context context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
    std::string signature(kSignatureBytes, '\0');
    std::size_t length = signature.size();
    const bool made = context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
                      EVP_DigestSign(context.get(), reinterpret_cast<std::uint8_t*>(signature.data()), &length,
                                     as_bytes(message).data(), message.size()) == 1;
    check(made && length == kSignatureBytes);
    return signature;
}

bool SigningKey::verify(std::string_view message, std::string_view signature) const {
    if (signature.size() != kSignatureBytes) return false;
    const Context context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
    return context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
           EVP_DigestVerify(context.get(), as_bytes(signature).data(), signature.size(), as_bytes(message).data(),
                            message.size()) == 1;
}

}  // namespace confidente::crypto
