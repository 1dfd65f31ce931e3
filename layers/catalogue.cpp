#include "layers/catalogue.hpp"

#include "layers/activation.hpp"
#include "layers/average_pooling.hpp"
#include "layers/batch_norm.hpp"
#include "layers/conv2d.hpp"
#include "layers/dense.hpp"
#include "layers/dropout.hpp"
#include "layers/flatten.hpp"
#include "layers/global_average_pooling.hpp"
#include "layers/gru.hpp"
#include "layers/layer_norm.hpp"
#include "layers/lstm.hpp"
#include "layers/masking.hpp"
#include "layers/max_pooling.hpp"
#include "layers/residual.hpp"
#include "layers/simple_rnn.hpp"

namespace lockstep::layers {

std::unique_ptr<const Layer> make_layer(const proto::Layer& c, const TensorSpec& input,
                                        const Build& build) {
  using Kind = proto::Layer;
  switch (c.kind_case()) {
    case Kind::kConv2D:
      return std::make_unique<Conv2d>(c.conv2d(), input, build);
    case Kind::kMaxPooling:
      return std::make_unique<MaxPooling>(c.max_pooling(), input, build);
    case Kind::kAveragePooling:
      return std::make_unique<AveragePooling>(c.average_pooling(), input, build);
    case Kind::kGlobalAveragePooling:
      return std::make_unique<GlobalAveragePooling>(input, build);
    case Kind::kDense:
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
    case Kind::kSimpleRnn:
      return std::make_unique<SimpleRnn>(c.simple_rnn(), input, build);
    case Kind::kLstm:
      return std::make_unique<Lstm>(c.lstm(), input, build);
    case Kind::kGru:
      return std::make_unique<Gru>(c.gru(), input, build);
    case Kind::kMasking:
      return std::make_unique<Masking>(c.masking(), input, build);
    case Kind::kEmbedding:
    case Kind::kConv1D:
    case Kind::kMaxPooling1D:
    case Kind::kAveragePooling1D:
    case Kind::kMeanOverTime:
    case Kind::kMaxOverTime:
    case Kind::kAttention:
    case Kind::kRepeatVector:
    case Kind::kReshape:
    case Kind::kConv2DTranspose:
    case Kind::kUpSampling2D:
    case Kind::kConcatenate:
    case Kind::kGaussianNoise:
    case Kind::kVariationalCode:
    case Kind::kEncoderDecoder:
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
