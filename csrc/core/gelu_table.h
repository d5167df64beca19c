// The pieces of gelu's table, for AVX-512 (core/math.h): 32 polynomials of degree 6.
#pragma once

namespace fastdl {
namespace FASTDL_ISA {

// Piece i is Phi(-z) for z * kGeluStepInverse rounding to i, as a polynomial in z -
// kGeluCenters[i]; row k has the coefficients of degree k.  The centers are floats near i /
// kGeluStepInverse at which the first two coefficients are almost floats too.  Weighted least
// squares towards the smallest relative error, each coefficient rounded to float before the next
// ones were fitted: in error by 2^-26.4 at most.
constexpr float kGeluLimit = 5.5f, kGeluStepInverse = 0x1.6e8b8ap+2f;
alignas(64) constexpr float kGeluCenters[32] = {
    0x0p+0f,        0x1.659b24p-3f, 0x1.65a3bep-2f, 0x1.0c41cp-1f,  0x1.6582fap-1f, 0x1.bef022p-1f,
    0x1.0c2586p+0f, 0x1.38f7aap+0f, 0x1.65b29ap+0f, 0x1.9258eep+0f, 0x1.bf073ap+0f, 0x1.ebc782p+0f,
    0x1.0c44d6p+1f, 0x1.22a766p+1f, 0x1.39022cp+1f, 0x1.4f2898p+1f, 0x1.65ae58p+1f, 0x1.7bee58p+1f,
    0x1.923d4ap+1f, 0x1.a8a252p+1f, 0x1.bee388p+1f, 0x1.d54b76p+1f, 0x1.ebacb2p+1f, 0x1.00eab8p+2f,
    0x1.0c35bep+2f, 0x1.17403ep+2f, 0x1.2282aep+2f, 0x1.2d996ap+2f, 0x1.38e394p+2f, 0x1.44127p+2f,
    0x1.4f53d2p+2f, 0x1.5a6cbep+2f};
alignas(64) constexpr float kGeluPieces[7][32] = {
    {0x1p-1f,         0x1.b9075cp-2f,  0x1.742bb8p-2f,  0x1.335d42p-2f,  0x1.f0a6dep-3f,
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
     0x1.a48d36p-20f,  0x1.9324f6p-21f}};

} // namespace FASTDL_ISA
} // namespace fastdl
