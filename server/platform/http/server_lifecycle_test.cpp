// Requests that wait, and connections that are encrypted.
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <filesystem>
#include <future>
#include <thread>

#include "platform/base/log.hpp"
#include "platform/http/client_for_test.hpp"
#include "platform/http/server.hpp"
#include "testing/test.hpp"

namespace confidente::http {
namespace {

using test::Client;

using Finish = std::function<void(int)>;

/// Waits for whoever gets `handed` to call it, as a handler waits for the database.
Task<Result<Response>> wait_for(std::promise<Finish>* handed, Executor** seen) {
    auto begin = [handed](Finish done) { handed->set_value(std::move(done)); };
    Callback<int> callback{begin};
    const int status = co_await callback;
    *seen = Executor::current();
    co_return Response::empty(status);
}

template <class T, void (*Free)(T*)>
using Owned = std::unique_ptr<T, std::integral_constant<decltype(Free), Free>>;

void write_certificate(const std::filesystem::path& certificate, const std::filesystem::path& key_file) {
    const Owned<EVP_PKEY, EVP_PKEY_free> key{EVP_EC_gen("P-256")};
    const Owned<X509, X509_free> x509{X509_new()};
    X509_gmtime_adj(X509_getm_notBefore(x509.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(x509.get()), 3600);
    X509_set_pubkey(x509.get(), key.get());
    X509_sign(x509.get(), key.get(), EVP_sha256());
    FILE* out = std::fopen(certificate.c_str(), "w");
    PEM_write_X509(out, x509.get());
    std::fclose(out);
    out = std::fopen(key_file.c_str(), "w");
    PEM_write_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(out);
}

struct Quiet {
    Quiet() {
        log::set_sink([](std::string_view) {});
    }
    ~Quiet() { log::set_sink(nullptr); }
};

ServerConfig any_port() {
    ServerConfig config;
    config.port = 0;
    config.threads = 1;
    return config;
}

}  // namespace

TEST("draining lets a running request end, and its handler goes on where it began") {
    const Quiet quiet;
    const SystemClock clock;
    SystemRandom random;
    std::promise<Finish> handed;
    Executor* seen = nullptr;
    Router router;
    router.add({Method::get, "/api/slow", Access::anyone(), Rate{},
                [&handed, &seen](Request) { return wait_for(&handed, &seen); }});
    auto opened = Server::open(any_port(), std::move(router), {}, {}, clock, random);
    REQUIRE(opened.has_value());
    auto& server = **opened;
    Client client{server.port()};
    client.send("GET /api/slow HTTP/1.1\r\nHost: t\r\n\r\n");
    const Finish finish = handed.get_future().get();
    std::thread draining{[&server] { server.drain(std::chrono::seconds{5}); }};
    // The listener closes first: once nobody answers there, draining has begun.
    while (Client{server.port()}.connected()) std::this_thread::yield();
    finish(204);
    const auto answer = client.read();
    CHECK(answer.status == 204);
    CHECK(seen == &server.executor());
    CHECK(client.ended());
    draining.join();
}

TEST("over TLS the same answers come, with HSTS, and nothing older than 1.2 is spoken") {
    const Quiet quiet;
    const SystemClock clock;
    SystemRandom random;
    char name[] = "/tmp/confidente-tls-XXXXXX";
    const std::filesystem::path folder = mkdtemp(name);
    ServerConfig config = any_port();
    config.tls_certificate = folder / "certificate.pem";
    config.tls_key = folder / "key.pem";
    CHECK(Server::open(config, Router{}, {}, {}, clock, random).error().code == "tls_invalid");
    write_certificate(config.tls_certificate, config.tls_key);
    auto opened = Server::open(config, Router{}, {}, {}, clock, random);
    std::filesystem::remove_all(folder);
    REQUIRE(opened.has_value());

    const Owned<SSL_CTX, SSL_CTX_free> context{SSL_CTX_new(TLS_client_method())};
    {
        const Client client{(*opened)->port()};
        const Owned<SSL, SSL_free> tls{SSL_new(context.get())};
        SSL_set_fd(tls.get(), client.descriptor());
        REQUIRE(SSL_connect(tls.get()) == 1);
        const std::string_view request = "GET /api/none HTTP/1.1\r\nHost: t\r\n\r\n";
        CHECK(SSL_write(tls.get(), request.data(), static_cast<int>(request.size())) > 0);
        char bytes[4096];
        const int got = SSL_read(tls.get(), bytes, sizeof bytes);
        REQUIRE(got > 0);
        const std::string_view answer{bytes, static_cast<std::size_t>(got)};
        CHECK(answer.starts_with("HTTP/1.1 404 Not Found\r\n"));
        CHECK(answer.find("Strict-Transport-Security: max-age=") != std::string_view::npos);
    }
    const Client old{(*opened)->port()};
    const Owned<SSL, SSL_free> tls{SSL_new(context.get())};
    SSL_set_security_level(tls.get(), 0);
    SSL_set_max_proto_version(tls.get(), TLS1_1_VERSION);
    SSL_set_fd(tls.get(), old.descriptor());
    CHECK(SSL_connect(tls.get()) != 1);
}

}  // namespace confidente::http
