#include "layers/catalogue.hpp"

#include "layers/activation.hpp"
#include "layers/attention.hpp"
#include "layers/average_pooling.hpp"
#include "layers/average_pooling1d.hpp"
#include "layers/batch_norm.hpp"
#include "layers/concatenate.hpp"
#include "layers/conv1d.hpp"
#include "layers/conv2d.hpp"
#include "layers/conv2d_transpose.hpp"
#include "layers/dense.hpp"
#include "layers/dropout.hpp"
#include "layers/embedding.hpp"
#include "layers/encoder_decoder.hpp"
#include "layers/flatten.hpp"
#include "layers/gaussian_noise.hpp"
#include "layers/global_average_pooling.hpp"
#include "layers/gru.hpp"
#include "layers/layer_norm.hpp"
#include "layers/lstm.hpp"
#include "layers/masking.hpp"
#include "layers/max_pooling.hpp"
#include "layers/max_pooling1d.hpp"
#include "layers/over_time.hpp"
#include "layers/repeat_vector.hpp"
#include "layers/reshape.hpp"
#include "layers/residual.hpp"
#include "layers/simple_rnn.hpp"
#include "layers/tied_dense.hpp"
#include "layers/up_sampling2d.hpp"
#include "layers/variational_code.hpp"

namespace lockstep::layers {

std::unique_ptr<const Layer> make_layer(const proto::Layer& c, const TensorSpec& input,
                                        const Build& build) {
  using Kind = proto::Layer;
  switch (c.kind_case()) {
    case Kind::kConv2D:
      return make_conv2d(c.conv2d(), input, build);
    case Kind::kMaxPooling:
      return std::make_unique<MaxPooling>(c.max_pooling(), input, build);
    case Kind::kAveragePooling:
      return std::make_unique<AveragePooling>(c.average_pooling(), input, build);
    case Kind::kGlobalAveragePooling:
      return std::make_unique<GlobalAveragePooling>(input, build);
    case Kind::kDense:
      if (c.dense().has_tied_to()) return std::make_unique<TiedDense>(c.dense(), input, build);
      return std::make_unique<Dense>(c.dense(), input, build);
    case Kind::kFlatten:
      return std::make_unique<Flatten>(input, build);
    case Kind::kBatchNorm:
      return std::make_unique<BatchNorm>(c.batch_norm(), input, build);
    case Kind::kLayerNorm:
      return std::make_unique<LayerNorm>(c.layer_norm(), input, build);
    case Kind::kDropout:
      return std::make_unique<Dropout>(c.dropout(), input, build);
    case Kind::kResidual:
      return std::make_unique<Residual>(c.residual(), input, build);
    case Kind::kActivation:
      return std::make_unique<Activation>(c.activation(), input, build);
    case Kind::kEmbedding:
      return std::make_unique<Embedding>(c.embedding(), input, build);
    case Kind::kConv1D:
      return std::make_unique<Conv1d>(c.conv1d(), input, build);
    case Kind::kMaxPooling1D:
      return std::make_unique<MaxPooling1d>(c.max_pooling1d(), input, build);
    case Kind::kAveragePooling1D:
      return std::make_unique<AveragePooling1d>(c.average_pooling1d(), input, build);
    case Kind::kMeanOverTime:
      return std::make_unique<MeanOverTime>(input, build);
    case Kind::kMaxOverTime:
      return std::make_unique<MaxOverTime>(input, build);
    case Kind::kAttention:
      return std::make_unique<Attention>(c.attention(), input, build);
    case Kind::kRepeatVector:
      return std::make_unique<RepeatVector>(c.repeat_vector(), input, build);
    case Kind::kReshape:
      return std::make_unique<Reshape>(c.reshape(), input, build);
    case Kind::kConv2DTranspose:
      return std::make_unique<Conv2dTranspose>(c.conv2d_transpose(), input, build);
    case Kind::kUpSampling2D:
      return std::make_unique<UpSampling2d>(c.up_sampling2d(), input, build);
    case Kind::kConcatenate:
      return std::make_unique<Concatenate>(c.concatenate(), input, build);
    case Kind::kGaussianNoise:
      return std::make_unique<GaussianNoise>(c.gaussian_noise(), input, build);
    case Kind::kVariationalCode:
      return std::make_unique<VariationalCode>(c.variational_code(), input, build);
    case Kind::kSimpleRnn:
      return std::make_unique<SimpleRnn>(c.simple_rnn(), input, build);
    case Kind::kLstm:
      return std::make_unique<Lstm>(c.lstm(), input, build);
    case Kind::kGru:
      return std::make_unique<Gru>(c.gru(), input, build);
    case Kind::kEncoderDecoder:
      return std::make_unique<EncoderDecoder>(c.encoder_decoder(), input, build);
    case Kind::kMasking:
      return std::make_unique<Masking>(c.masking(), input, build);
    case Kind::KIND_NOT_SET:
      break;
  }
  throw config_error(build, "", "a layer without a kind",
                     "write for example: layer { dense { units: 10 } }");
}

std::string kind_name(const proto::Layer& config) {
  if (config.kind_case() == proto::Layer::KIND_NOT_SET) return {};
  return proto::Layer::descriptor()->FindFieldByNumber(config.kind_case())->name();
}

}  // namespace lockstep::layers
