#include "media/packaging/thumbnail.hpp"

#include <algorithm>
#include <cstring>

#include "media/packaging/libav.hpp"

namespace confidente::media {
namespace {

Error bad_keyframe(std::string cause) {
    return {.kind = ErrorKind::unprocessable,
            .code = "bad_keyframe",
            .detail = "The keyframe cannot be decoded.",
            .cause = std::move(cause)};
}

/// A decoder without threads and without a say in the log: the bytes come from strangers.
libav::Codec open_decoder() {
    libav::Codec decoder{avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_H264))};
    if (!decoder) return {};
    decoder->thread_count = 1;
    decoder->flags |= AV_CODEC_FLAG_LOW_DELAY;
    decoder->max_pixels = std::int64_t{kMaxThumbnailSource} * kMaxThumbnailSource;
    if (avcodec_open2(decoder.get(), decoder->codec, nullptr) < 0) return {};
    return decoder;
}

Result<libav::Frame> decode(Bytes annexb) {
    const auto decoder = open_decoder();
    if (!decoder) return internal_error("no H.264 decoder");
    libav::Packet packet{av_packet_alloc()};
    libav::Frame frame{av_frame_alloc()};
    // libav reads past the end by its padding, so the bytes move into a packet of its own.
    if (annexb.empty() || av_new_packet(packet.get(), static_cast<int>(annexb.size())) < 0)
        return bad_keyframe("empty");
    std::memcpy(packet->data, annexb.data(), annexb.size());
    if (avcodec_send_packet(decoder.get(), packet.get()) < 0) return bad_keyframe("refused by the decoder");
    avcodec_send_packet(decoder.get(), nullptr);
    if (avcodec_receive_frame(decoder.get(), frame.get()) < 0) return bad_keyframe("no picture in it");
    if (frame->width <= 0 || frame->height <= 0) return bad_keyframe("a picture without size");
    return frame;
}

Result<libav::Frame> scale(const AVFrame& source) {
    libav::Frame target{av_frame_alloc()};
    target->format = AV_PIX_FMT_YUVJ420P;
    target->width = std::min(kThumbnailWidth, source.width) & ~1;
    target->height = std::max(2, static_cast<int>(std::int64_t{source.height} * target->width / source.width) & ~1);
    if (av_frame_get_buffer(target.get(), 0) < 0) return internal_error("no memory for a thumbnail");
    const libav::Scaler scaler{sws_getContext(source.width, source.height, static_cast<AVPixelFormat>(source.format),
                                              target->width, target->height, AV_PIX_FMT_YUVJ420P, SWS_AREA, nullptr,
                                              nullptr, nullptr)};
    if (!scaler) return bad_keyframe("a pixel format that cannot be scaled");
    sws_scale(scaler.get(), source.data, source.linesize, 0, source.height, target->data, target->linesize);
    return target;
}

Result<Buffer> encode_jpeg(AVFrame& picture) {
    libav::Codec encoder{avcodec_alloc_context3(avcodec_find_encoder(AV_CODEC_ID_MJPEG))};
    if (!encoder) return internal_error("no JPEG encoder");
    encoder->width = picture.width;
    encoder->height = picture.height;
    encoder->pix_fmt = AV_PIX_FMT_YUVJ420P;
    encoder->time_base = {1, 25};
    encoder->thread_count = 1;
    encoder->flags |= AV_CODEC_FLAG_QSCALE;
    encoder->global_quality = 4 * FF_QP2LAMBDA;  // about quality 80
    picture.quality = encoder->global_quality;
    picture.pts = 0;
    libav::Packet packet{av_packet_alloc()};
    if (avcodec_open2(encoder.get(), encoder->codec, nullptr) < 0 || avcodec_send_frame(encoder.get(), &picture) < 0 ||
        avcodec_send_frame(encoder.get(), nullptr) < 0 || avcodec_receive_packet(encoder.get(), packet.get()) < 0)
        return internal_error("the JPEG encoder failed");
    return Buffer{packet->data, packet->data + packet->size};
}

}  // namespace

Result<Buffer> make_thumbnail(Bytes annexb) {
    av_log_set_level(AV_LOG_QUIET);
    TRY(auto picture, decode(annexb));
    TRY(auto scaled, scale(*picture));
    return encode_jpeg(*scaled);
}

}  // namespace confidente::media
