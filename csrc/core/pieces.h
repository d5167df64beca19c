// Functions as tables of 32 polynomials of degree 6, which AVX-512 keeps in registers
// (core/math.h).
//
// Piece i is the function of z for z * step_inverse rounding to i, as a polynomial in z -
// centers[i]; row k has the coefficients of degree k.  The centers are floats near i / step_inverse
// at which the first two coefficients are almost floats too.  Weighted least squares towards the
// smallest relative error, each coefficient rounded to float before the next ones were fitted.
#pragma once

namespace fastdl {
namespace FASTDL_ISA {

struct alignas(64) Pieces {
  float centers[32], rows[7][32], step_inverse;
};

// Phi(-z), the normal distribution function, up to the limit; in error by 2^-26.4 at most.
constexpr float kGeluLimit = 5.5f;
constexpr Pieces kGeluPieces = {
    {0x0p+0f,        0x1.659b24p-3f, 0x1.65a3bep-2f, 0x1.0c41cp-1f,  0x1.6582fap-1f, 0x1.bef022p-1f,
     0x1.0c2586p+0f, 0x1.38f7aap+0f, 0x1.65b29ap+0f, 0x1.9258eep+0f, 0x1.bf073ap+0f, 0x1.ebc782p+0f,
     0x1.0c44d6p+1f, 0x1.22a766p+1f, 0x1.39022cp+1f, 0x1.4f2898p+1f, 0x1.65ae58p+1f, 0x1.7bee58p+1f,
     0x1.923d4ap+1f, 0x1.a8a252p+1f, 0x1.bee388p+1f, 0x1.d54b76p+1f, 0x1.ebacb2p+1f, 0x1.00eab8p+2f,
     0x1.0c35bep+2f, 0x1.17403ep+2f, 0x1.2282aep+2f, 0x1.2d996ap+2f, 0x1.38e394p+2f, 0x1.44127p+2f,
     0x1.4f53d2p+2f, 0x1.5a6cbep+2f},
    {{0x1p-1f,         0x1.b9075cp-2f,  0x1.742bb8p-2f,  0x1.335d42p-2f,  0x1.f0a6dep-3f,
      0x1.87e36ep-3f,  0x1.2df87cp-3f,  0x1.c5a5cap-4f,  0x1.4c770ep-4f,  0x1.db3f5ep-5f,
      0x1.4adb42p-5f,  0x1.c05946p-6f,  0x1.27b19ep-6f,  0x1.7b812p-7f,   0x1.da273ap-8f,
      0x1.2175eap-8f,  0x1.54c796p-9f,  0x1.889c6ep-10f, 0x1.b720fap-11f, 0x1.dc461p-12f,
      0x1.f7fd8p-13f,  0x1.01f91ep-13f, 0x1.00c158p-14f, 0x1.f4182p-16f,  0x1.d266c4p-17f,
      0x1.ade4p-18f,   0x1.7ae766p-19f, 0x1.48719ep-20f, 0x1.1035acp-21f, 0x1.b9b126p-23f,
      0x1.59c9bep-24f, 0x1.0a5bf8p-25f},
     {-0x1.988454p-2f,  -0x1.92561ep-2f,  -0x1.80588cp-2f,  -0x1.641f94p-2f,  -0x1.4022dap-2f,
      -0x1.1716fcp-2f,  -0x1.d80f8p-3f,   -0x1.82fcbep-3f,  -0x1.33d21cp-3f,  -0x1.db359p-4f,
      -0x1.63bea6p-4f,  -0x1.022fbep-4f,  -0x1.6b76bcp-5f,  -0x1.f036aep-6f,  -0x1.48b662p-6f,
      -0x1.a831acp-7f,  -0x1.077b1cp-7f,  -0x1.3f58c6p-8f,  -0x1.76ffe4p-9f,  -0x1.aa38f4p-10f,
      -0x1.d7a27cp-11f, -0x1.f8282ap-12f, -0x1.0588dcp-12f, -0x1.09010cp-13f, -0x1.00f9b2p-14f,
      -0x1.eb7a6ep-16f, -0x1.c1319cp-17f, -0x1.931242p-18f, -0x1.59a50cp-19f, -0x1.21c0fep-20f,
      -0x1.d468f8p-22f, -0x1.74056cp-23f},
     {0x1.ea0cbap-20f, 0x1.1902aep-5f,  0x1.0c7878p-4f,  0x1.752c88p-4f,  0x1.bf145ap-4f,
      0x1.e73fcp-4f,   0x1.ee7568p-4f,  0x1.d91a6ep-4f,  0x1.ae1ab4p-4f,  0x1.756f9cp-4f,
      0x1.3699f6p-4f,  0x1.effac6p-5f,  0x1.7ce206p-5f,  0x1.19b132p-5f,  0x1.91e9c8p-6f,
      0x1.15ae22p-6f,  0x1.70221cp-7f,  0x1.d9f1cp-8f,   0x1.269bcep-8f,  0x1.617e48p-9f,
      0x1.9ba822p-10f, 0x1.ce1b1cp-11f, 0x1.f64decp-12f, 0x1.09f404p-12f, 0x1.0d3b58p-13f,
      0x1.0c0eep-14f,  0x1.fdbf7ap-16f, 0x1.daddfep-17f, 0x1.a6746cp-18f, 0x1.6ecd22p-19f,
      0x1.32c758p-20f, 0x1.f76d4ap-22f},
     {0x1.0ff3ep-4f,    0x1.040cp-4f,     0x1.c1f354p-5f,   0x1.587c1cp-5f,   0x1.b57508p-6f,
      0x1.6244a2p-7f,   -0x1.e92b7ep-9f,  -0x1.fe633cp-7f,  -0x1.86dbbp-6f,   -0x1.d1c076p-6f,
      -0x1.e60076p-6f,  -0x1.cf10ap-6f,   -0x1.9b0758p-6f,  -0x1.57bafap-6f,  -0x1.10d328p-6f,
      -0x1.9e065cp-7f,  -0x1.2afcf6p-7f,  -0x1.9fb2aap-8f,  -0x1.155a24p-8f,  -0x1.636188p-9f,
      -0x1.b7c5a4p-10f, -0x1.055e3ap-10f, -0x1.2bc7f4p-11f, -0x1.4dca3cp-12f, -0x1.62ae6ep-13f,
      -0x1.716482p-14f, -0x1.6eecd2p-15f, -0x1.642ba6p-16f, -0x1.49d04ep-17f, -0x1.297a32p-18f,
      -0x1.022154p-19f, -0x1.b6a774p-21f},
     {0x1.1f5d2cp-9f,  -0x1.14b4eap-7f, -0x1.008b2ep-6f, -0x1.53101p-6f,  -0x1.76350ap-6f,
      -0x1.6b1006p-6f, -0x1.398fa6p-6f, -0x1.daf3b8p-7f, -0x1.2bd4fp-7f,  -0x1.081c58p-8f,
      0x1.47d556p-12f, 0x1.c89f48p-9f,  0x1.61b25ep-8f,  0x1.95102ep-8f,  0x1.8f360cp-8f,
      0x1.64eb6ap-8f,  0x1.270d6cp-8f,  0x1.caf402p-9f,  0x1.51950ap-9f,  0x1.d7ac8ep-10f,
      0x1.3b3cbap-10f, 0x1.921ab6p-11f, 0x1.ec0bc2p-12f, 0x1.22ab9cp-12f, 0x1.46bb78p-13f,
      0x1.66482ap-14f, 0x1.75edfcp-15f, 0x1.7c1162p-16f, 0x1.6fe4b2p-17f, 0x1.5a009ep-18f,
      0x1.3891d2p-19f, 0x1.13d978p-20f},
     {-0x1.0cbc78p-5f,  -0x1.2edaa2p-7f,  -0x1.d3bc64p-8f,  -0x1.0fb73ep-8f,  -0x1.af510cp-11f,
      0x1.21a756p-9f,   0x1.2b87bap-8f,   0x1.811e1cp-8f,   0x1.90a10ep-8f,   0x1.6a9c96p-8f,
      0x1.1c9a48p-8f,   0x1.7cc1e4p-9f,   0x1.8b6f04p-10f,  0x1.6cfb7ep-12f,  -0x1.f50492p-12f,
      -0x1.f3f066p-11f, -0x1.2c9e2cp-10f, -0x1.274116p-10f, -0x1.01d9b6p-10f, -0x1.9c73a6p-11f,
      -0x1.346788p-11f, -0x1.b137cep-12f, -0x1.2062fp-12f,  -0x1.6f2414p-13f, -0x1.ba2f1p-14f,
      -0x1.01d76p-14f,  -0x1.1d3c2p-15f,  -0x1.31c5c6p-16f, -0x1.37daaep-17f, -0x1.33728ep-18f,
      -0x1.225ec4p-19f, -0x1.0b47e4p-20f},
     {0x1.6b0f04p-4f,   -0x1.2d0936p-9f,  -0x1.6c7658p-9f,  0x1.af1f94p-9f,   0x1.0df7bp-9f,
      0x1.10711cp-11f,  0x1.74e21p-10f,   0x1.18a26p-10f,   -0x1.b21e2ep-10f, -0x1.2836cep-11f,
      -0x1.77651p-10f,  -0x1.821f08p-10f, -0x1.62c47cp-10f, -0x1.27566cp-10f, -0x1.3e8284p-11f,
      -0x1.3943f2p-12f, -0x1.7246bcp-14f, 0x1.87895ap-14f,  0x1.6d8064p-13f,  0x1.86db38p-13f,
      0x1.7c50c6p-13f,  0x1.3e4014p-13f,  0x1.d9f8a8p-14f,  0x1.4bbaeep-14f,  0x1.b8711ap-15f,
      0x1.139ef8p-15f,  0x1.479d0cp-16f,  0x1.748fd2p-17f,  0x1.9c25fp-18f,   0x1.abf18ep-19f,
      0x1.a48d36p-20f,  0x1.9324f6p-21f}},
    0x1.6e8b8ap+2f};

// tanh(z): z itself for tiny z, 1 in the last piece; in error by 2^-25.2 at most.
constexpr float kTanhLimit = 9.2f;
constexpr Pieces kTanhPieces = {
    {0x0p+0f,        0x1.2fda6ep-2f, 0x1.2fdbb6p-1f, 0x1.c7eea2p-1f, 0x1.2fef86p+0f, 0x1.7bd96p+0f,
     0x1.c7ecp+0f,   0x1.09f534p+1f, 0x1.2fd59ap+1f, 0x1.55e606p+1f, 0x1.7bfce6p+1f, 0x1.a1e6cp+1f,
     0x1.c7bdaep+1f, 0x1.edc9a8p+1f, 0x1.09d884p+2f, 0x1.1ce932p+2f, 0x1.30015ep+2f, 0x1.42cae4p+2f,
     0x1.55d52cp+2f, 0x1.68c674p+2f, 0x1.7bcf72p+2f, 0x1.8ec1f6p+2f, 0x1.a1bc6ap+2f, 0x1.b4bac4p+2f,
     0x1.c7b91cp+2f, 0x1.daf5b6p+2f, 0x1.edb5cep+2f, 0x1.004a74p+3f, 0x1.0a07e6p+3f, 0x1.13874cp+3f,
     0x1.1cc7fap+3f, 0x1.2685a4p+3f},
    {{0x0p+0f,        0x1.273d0cp-2f, 0x1.109548p-1f, 0x1.6c5bacp-1f, 0x1.a8d188p-1f,
      0x1.cde9dcp-1f, 0x1.e3bc64p-1f, 0x1.f031ecp-1f, 0x1.f731bp-1f,  0x1.fb1f7cp-1f,
      0x1.fd4dfep-1f, 0x1.fe81fap-1f, 0x1.ff2c5cp-1f, 0x1.ff8b2ap-1f, 0x1.ffbf5ep-1f,
      0x1.ffdc6p-1f,  0x1.ffec62p-1f, 0x1.fff518p-1f, 0x1.fff9fcp-1f, 0x1.fffcacp-1f,
      0x1.fffe2ap-1f, 0x1.fffefcp-1f, 0x1.ffff7p-1f,  0x1.ffffbp-1f,  0x1.ffffd4p-1f,
      0x1.ffffe8p-1f, 0x1.fffff2p-1f, 0x1.fffff8p-1f, 0x1.fffffcp-1f, 0x1.fffffep-1f,
      0x1.fffffep-1f, 0x1p+0f},
     {0x1p+0f,         0x1.d57048p-1f,  0x1.6ee13ap-1f,  0x1.f96b2ep-2f,  0x1.3f0942p-2f,
      0x1.7d17dp-3f,   0x1.b7be5p-4f,   0x1.f1f41ep-5f,  0x1.175da6p-5f,  0x1.36a47p-6f,
      0x1.581886p-7f,  0x1.7d777cp-8f,  0x1.a6f07ep-9f,  0x1.d322a2p-10f, 0x1.0277b4p-10f,
      0x1.1cf60cp-11f, 0x1.39da1ap-12f, 0x1.5cfcb4p-13f, 0x1.80fd1ep-14f, 0x1.a9fedcp-15f,
      0x1.d600fp-16f,  0x1.03fd5cp-16f, 0x1.1f5a66p-17f, 0x1.3d70dep-18f, 0x1.5eb11p-19f,
      0x1.807d48p-20f, 0x1.abed6p-21f,  0x1.da7cdep-22f, 0x1.02342ap-22f, 0x1.1d20d8p-23f,
      0x1.3f3b64p-24f, 0x0p+0f},
     {-0x1.83f9p-24f,   -0x1.0eb224p-2f,  -0x1.86a53ap-2f,  -0x1.67acbp-2f,   -0x1.08b63ap-2f,
      -0x1.57cffcp-3f,  -0x1.9f77bep-4f,  -0x1.e294dcp-5f,  -0x1.128fdep-5f,  -0x1.33afa2p-6f,
      -0x1.564892p-7f,  -0x1.7c5d3p-8f,   -0x1.a6382ap-9f,  -0x1.d2a658p-10f, -0x1.025f66p-10f,
      -0x1.1cd30ep-11f, -0x1.39facap-12f, -0x1.5d99a6p-13f, -0x1.801214p-14f, -0x1.aa5b68p-15f,
      -0x1.d89c12p-16f, -0x1.005d7cp-16f, -0x1.25a13ap-20f, 0x1.517a08p-17f,  0x1.394d0ep-20f,
      -0x1.1fde7ep-19f, 0x1.cbd05cp-17f,  0x1.ac6092p-17f,  -0x1.12821ep-20f, -0x1.63abc6p-18f,
      0x1.1b718ap-16f,  0x0p+0f},
     {-0x1.55531p-2f,  -0x1.d5d2bep-3f, -0x1.250a18p-5f, 0x1.5dedf8p-4f,  0x1.c52c46p-4f,
      0x1.6e4cdp-4f,   0x1.ebe7e2p-5f,  0x1.2db37ep-5f,  0x1.616f04p-6f,  0x1.9268d4p-7f,
      0x1.c3912ep-8f,  0x1.f82e3cp-9f,  0x1.1898b4p-9f,  0x1.3697bep-10f, 0x1.581cccp-11f,
      0x1.7ba29cp-12f, 0x1.a247f2p-13f, 0x1.d1326cp-14f, 0x1.00b578p-14f, 0x1.1bf96ap-15f,
      0x1.3920c2p-16f, 0x1.5aabaep-17f, 0x1.810d3p-18f,  0x1.aed52p-19f,  0x1.d776e6p-20f,
      0x1.010dbep-20f, 0x1.3b034ap-21f, 0x1.75525p-22f,  0x1.5f047ap-23f, 0x1.d55722p-24f,
      0x1.f9ade2p-24f, 0x0p+0f},
     {-0x1.1b7e1ep-12f, 0x1.3be06ep-3f,   0x1.2b6558p-3f,   0x1.cd1d34p-5f,   -0x1.70eb7cp-8f,
      -0x1.9513fap-6f,  -0x1.77b016p-6f,  -0x1.07377ap-6f,  -0x1.482794p-7f,  -0x1.81986cp-8f,
      -0x1.ba66bep-9f,  -0x1.ede4c6p-10f, -0x1.1fad1ep-10f, -0x1.462074p-11f, -0x1.47fbfep-12f,
      -0x1.97c48ap-13f, -0x1.4fb29ap-14f, -0x1.439a32p-16f, -0x1.d85382p-15f, -0x1.883d9cp-17f,
      0x1.366a32p-17f,  -0x1.00cdaep-15f, -0x1.cd9e0ep-11f, -0x1.c7da42p-10f, -0x1.d29414p-12f,
      0x1.5d23c2p-14f,  -0x1.bea7dp-10f,  -0x1.8cb336p-10f, 0x1.779c88p-14f,  0x1.365132p-11f,
      -0x1.fd9696p-10f, 0x0p+0f},
     {0x1.18a0bap-3f,   0x1.ac1334p-5f,  -0x1.8e204p-5f,   -0x1.d4f1dap-5f,  -0x1.a059b6p-6f,
      -0x1.cb50cp-9f,   0x1.04a5f8p-8f,  0x1.2f112p-8f,    0x1.c0d9b2p-9f,   0x1.1d87b8p-9f,
      0x1.52fd22p-10f,  0x1.85fecap-11f, 0x1.b7d88cp-12f,  0x1.eb5e4ep-13f,  0x1.126a42p-13f,
      0x1.301656p-14f,  0x1.4e9962p-15f, 0x1.753f9cp-16f,  0x1.703c82p-17f,  0x1.c790aep-18f,
      0x1.27c2c6p-18f,  0x1.0fb848p-19f, -0x1.0eb26p-21f,  -0x1.60452ep-19f, -0x1.03a29ep-21f,
      0x1.2b89c4p-25f,  -0x1.9e224p-19f, -0x1.8c54bap-19f, -0x1.39d618p-23f, -0x1.3776c6p-20f,
      -0x1.02f93cp-18f, 0x0p+0f},
     {-0x1.78d69ep-6f,  -0x1.226f76p-4f,  -0x1.f010cap-6f,  0x1.c8b044p-7f,   0x1.179e96p-6f,
      0x1.f63846p-8f,   0x1.e204ap-10f,   -0x1.44b738p-13f, -0x1.3a8b76p-10f, -0x1.3cf566p-10f,
      -0x1.40779ap-12f, -0x1.85044ep-11f, 0x1.cfdc8ep-11f,  0x1.ce2e0ep-11f,  -0x1.f9860ep-12f,
      0x1.95df5p-12f,   -0x1.3703c4p-11f, -0x1.1a6da4p-10f, 0x1.9351f6p-11f,  -0x1.4957bp-13f,
      -0x1.2462fap-11f, 0x1.89dcc6p-11f,  0x1.a77ff6p-6f,   0x1.a331cep-5f,   0x1.ac99f2p-7f,
      -0x1.434548p-9f,  0x1.9b0a48p-5f,   0x1.63ffdep-5f,   -0x1.5188dep-9f,  -0x1.16874ep-6f,
      0x1.c956f8p-5f,   0x0p+0f}},
    0x1.af4deap+1f};

} // namespace FASTDL_ISA
} // namespace fastdl
