#include "app/documentation_routes.hpp"

#include <fstream>
#include <iterator>

#include "platform/crypto/hash.hpp"
#include "platform/http/compression.hpp"

namespace confidente::app {
namespace {

using http::Encoding;
using http::Request;
using http::Response;

constexpr std::size_t kTagLength = 22;  // characters of the digest: 88 bits

/// A text in each encoding that pays, each with a strong ETag of its own (RFC 9110 §8.8.3.3).
class Document {
public:
    Document(std::string body, std::string type) : type_(std::move(type)), plain_(std::move(body)) {
        tag_ = crypto::sha256_hex(plain_).substr(0, kTagLength);
        gzip_ = http::compressed(plain_, Encoding::gzip, http::Effort::once).value_or("");
        brotli_ = http::compressed(plain_, Encoding::brotli, http::Effort::once).value_or("");
    }

    Response answer(const Request& request) const {
        const auto encoding = http::choose_encoding(request.header("Accept-Encoding").value_or(""));
        const auto& body = encoding == Encoding::brotli ? brotli_ : encoding == Encoding::gzip ? gzip_ : plain_;
        auto response = Response::text(200, body, type_)
                            .with("ETag", '"' + tag_ + '-' + std::string{http::to_string(encoding)} + '"')
                            .with("Cache-Control", "no-cache")
                            .with("Vary", "Accept-Encoding");
        if (encoding != Encoding::identity)
            response.headers.emplace_back("Content-Encoding", http::to_string(encoding));
        return response;
    }

private:
    std::string type_, plain_, tag_, gzip_, brotli_;
};

std::string contents(const std::filesystem::path& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

Task<Result<Response>> show(std::shared_ptr<const Document> document, Request request) {
    co_return document->answer(request);
}

Task<Result<Response>> no_page() {
    co_return Error{ErrorKind::not_found, "not_found", "The web app is not installed; see /api/openapi.json."};
}

}  // namespace

void add_documentation_routes(http::Router& router, const std::filesystem::path& web_root) {
    using http::Access;
    using http::Method;
    const auto contract = std::make_shared<const Document>(std::string{openapi_json()}, "application/json");
    router.add({Method::get, "/api/openapi.json", Access::anyone(), http::Rate{},
                [contract](Request request) { return show(contract, std::move(request)); }});
    auto html = contents(web_root / "docs.html");
    std::shared_ptr<const Document> page;
    if (!html.empty()) page = std::make_shared<const Document>(std::move(html), "text/html; charset=utf-8");
    router.add({Method::get, "/api/docs", Access::anyone(), http::Rate{},
                [page](Request request) { return page ? show(page, std::move(request)) : no_page(); }});
}

}  // namespace confidente::app
