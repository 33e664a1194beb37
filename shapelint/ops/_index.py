"""Which file and op each torch name means, separated by tabs. Written by `python -m shapelint.ops.index --write`."""
# ruff: noqa: E501

INDEX = """\
activations	CELU	torch.nn.CELU
activations	ELU	torch.nn.ELU
activations	GELU	torch.nn.GELU
activations	Hardshrink	torch.nn.Hardshrink
activations	Hardsigmoid	torch.nn.Hardsigmoid
activations	Hardswish	torch.nn.Hardswish
activations	Hardtanh	torch.nn.Hardtanh
activations	LeakyReLU	torch.nn.LeakyReLU
activations	LogSigmoid	torch.nn.LogSigmoid
activations	Mish	torch.nn.Mish
activations	RReLU	torch.nn.RReLU
activations	ReLU	torch.nn.ReLU
activations	ReLU6	torch.nn.ReLU6
activations	SELU	torch.nn.SELU
activations	SiLU	torch.nn.SiLU
activations	Sigmoid	torch.nn.Sigmoid
activations	Softplus	torch.nn.Softplus
activations	Softshrink	torch.nn.Softshrink
activations	Softsign	torch.nn.Softsign
activations	Tanh	torch.nn.Tanh
activations	Tanhshrink	torch.nn.Tanhshrink
activations	Threshold	torch.nn.Threshold
activations	celu	torch.celu	torch.nn.functional.celu
activations	elu	torch.nn.functional.elu
activations	gelu	torch.nn.functional.gelu
activations	hardshrink	torch.Tensor.hardshrink	torch.hardshrink	torch.nn.functional.hardshrink
activations	hardsigmoid	torch.nn.functional.hardsigmoid
activations	hardswish	torch.nn.functional.hardswish
activations	hardtanh	torch.nn.functional.hardtanh
activations	leaky_relu	torch.nn.functional.leaky_relu
activations	logsigmoid	torch.nn.functional.logsigmoid
activations	mish	torch.nn.functional.mish
activations	relu	torch.Tensor.relu	torch.nn.functional.relu	torch.relu
activations	relu6	torch.nn.functional.relu6
activations	rrelu	torch.nn.functional.rrelu	torch.rrelu
activations	selu	torch.nn.functional.selu	torch.selu
activations	silu	torch.nn.functional.silu
activations	softplus	torch.nn.functional.softplus
activations	softshrink	torch.nn.functional.softshrink
activations	softsign	torch.nn.functional.softsign
activations	tanhshrink	torch.nn.functional.tanhshrink
activations	threshold	torch.nn.functional.threshold	torch.threshold
adaptive_pool	AdaptiveAvgPool	torch.nn.AdaptiveAvgPool1d	torch.nn.AdaptiveAvgPool2d	torch.nn.AdaptiveAvgPool3d
adaptive_pool	AdaptiveMaxPool	torch.nn.AdaptiveMaxPool1d	torch.nn.AdaptiveMaxPool2d	torch.nn.AdaptiveMaxPool3d
adaptive_pool	adaptive_avg_pool1d	torch.adaptive_avg_pool1d	torch.nn.functional.adaptive_avg_pool1d
adaptive_pool	adaptive_avg_pool2d	torch.nn.functional.adaptive_avg_pool2d
adaptive_pool	adaptive_avg_pool3d	torch.nn.functional.adaptive_avg_pool3d
adaptive_pool	adaptive_max_pool1d	torch.nn.functional.adaptive_max_pool1d
adaptive_pool	adaptive_max_pool2d	torch.nn.functional.adaptive_max_pool2d
adaptive_pool	adaptive_max_pool3d	torch.nn.functional.adaptive_max_pool3d
adaptive_softmax	AdaptiveLogSoftmaxWithLoss	torch.nn.AdaptiveLogSoftmaxWithLoss
arithmetic	arithmetic	torch.Tensor.add	torch.Tensor.bitwise_and	torch.Tensor.bitwise_left_shift	torch.Tensor.bitwise_or	torch.Tensor.bitwise_right_shift	torch.Tensor.bitwise_xor	torch.Tensor.clamp_max	torch.Tensor.clamp_min	torch.Tensor.floor_divide	torch.Tensor.fmax	torch.Tensor.fmin	torch.Tensor.fmod	torch.Tensor.gcd	torch.Tensor.heaviside	torch.Tensor.lcm	torch.Tensor.maximum	torch.Tensor.minimum	torch.Tensor.mul	torch.Tensor.multiply	torch.Tensor.pow	torch.Tensor.remainder	torch.Tensor.sub	torch.Tensor.subtract	torch.add	torch.bitwise_and	torch.bitwise_left_shift	torch.bitwise_or	torch.bitwise_right_shift	torch.bitwise_xor	torch.clamp_max	torch.clamp_min	torch.floor_divide	torch.fmax	torch.fmin	torch.fmod	torch.gcd	torch.heaviside	torch.lcm	torch.maximum	torch.minimum	torch.mul	torch.multiply	torch.pow	torch.remainder	torch.rsub	torch.sub	torch.subtract
arithmetic	comparison	torch.Tensor.eq	torch.Tensor.ge	torch.Tensor.greater	torch.Tensor.greater_equal	torch.Tensor.gt	torch.Tensor.isclose	torch.Tensor.le	torch.Tensor.less	torch.Tensor.less_equal	torch.Tensor.logical_and	torch.Tensor.logical_or	torch.Tensor.logical_xor	torch.Tensor.lt	torch.Tensor.ne	torch.Tensor.not_equal	torch.eq	torch.ge	torch.greater	torch.greater_equal	torch.gt	torch.isclose	torch.le	torch.less	torch.less_equal	torch.logical_and	torch.logical_or	torch.logical_xor	torch.lt	torch.ne	torch.not_equal
arithmetic	float_arithmetic	torch.Tensor.arctan2	torch.Tensor.atan2	torch.Tensor.copysign	torch.Tensor.div	torch.Tensor.divide	torch.Tensor.float_power	torch.Tensor.hypot	torch.Tensor.igamma	torch.Tensor.igammac	torch.Tensor.ldexp	torch.Tensor.logaddexp	torch.Tensor.logaddexp2	torch.Tensor.nextafter	torch.Tensor.true_divide	torch.Tensor.xlogy	torch.arctan2	torch.atan2	torch.copysign	torch.div	torch.divide	torch.float_power	torch.hypot	torch.igamma	torch.igammac	torch.ldexp	torch.logaddexp	torch.logaddexp2	torch.nextafter	torch.special.xlog1py	torch.special.xlogy	torch.special.zeta	torch.true_divide	torch.xlogy
attention	scaled_dot_product_attention	torch.nn.functional.scaled_dot_product_attention
bilinear	Bilinear	torch.nn.Bilinear
bilinear	bilinear	torch.bilinear	torch.nn.functional.bilinear
binning	bincount	torch.Tensor.bincount	torch.bincount
binning	bucketize	torch.bucketize
binning	histc	torch.Tensor.histc	torch.histc
binning	searchsorted	torch.searchsorted
block_diag	block_diag	torch.block_diag
cat	cat	torch.cat	torch.concat	torch.concatenate
clamp	clamp	torch.Tensor.clamp	torch.Tensor.clip	torch.clamp	torch.clip
clamp	lerp	torch.Tensor.addcdiv	torch.Tensor.addcmul	torch.Tensor.lerp	torch.addcdiv	torch.addcmul	torch.lerp
class_losses	CrossEntropyLoss	torch.nn.CrossEntropyLoss
class_losses	MultiMarginLoss	torch.nn.MultiMarginLoss
class_losses	NLLLoss	torch.nn.NLLLoss
class_losses	cross_entropy	torch.nn.functional.cross_entropy
class_losses	multi_margin_loss	torch.nn.functional.multi_margin_loss
class_losses	nll_loss	torch.nn.functional.nll_loss
complex_numbers	complex	torch.complex
complex_numbers	polar	torch.polar
complex_numbers	view_as_complex	torch.view_as_complex
complex_numbers	view_as_real	torch.view_as_real
constructors	bool_tensor	torch.BoolTensor
constructors	float_tensor	torch.BFloat16Tensor	torch.DoubleTensor	torch.FloatTensor	torch.HalfTensor	torch.Tensor
constructors	int_tensor	torch.ByteTensor	torch.CharTensor	torch.IntTensor	torch.LongTensor	torch.ShortTensor
constructors	new	torch.Tensor.new
conv	Conv	torch.nn.Conv1d	torch.nn.Conv2d	torch.nn.Conv3d
conv	conv1d	torch.conv1d	torch.nn.functional.conv1d
conv	conv2d	torch.conv2d	torch.nn.functional.conv2d
conv	conv3d	torch.conv3d	torch.nn.functional.conv3d
conv_transpose	ConvTranspose	torch.nn.ConvTranspose1d	torch.nn.ConvTranspose2d	torch.nn.ConvTranspose3d
conv_transpose	conv_transpose1d	torch.conv_transpose1d	torch.nn.functional.conv_transpose1d
conv_transpose	conv_transpose2d	torch.conv_transpose2d	torch.nn.functional.conv_transpose2d
conv_transpose	conv_transpose3d	torch.conv_transpose3d	torch.nn.functional.conv_transpose3d
conversion	apply_	torch.Tensor.apply_
conversion	numpy	torch.Tensor.numpy
conversion	same_tensor	torch.Tensor.clone	torch.Tensor.conj	torch.Tensor.contiguous	torch.Tensor.cpu	torch.Tensor.cuda	torch.Tensor.data	torch.Tensor.detach	torch.Tensor.detach_	torch.Tensor.pin_memory	torch.Tensor.resolve_conj	torch.Tensor.resolve_neg	torch.Tensor.share_memory_	torch.Tensor.to_dense	torch.Tensor.xpu	torch.Tensor.zero_	torch.clone	torch.conj	torch.detach	torch.resolve_conj	torch.resolve_neg
conversion	to	torch.Tensor.to
conversion	to_bool	torch.Tensor.bool
conversion	to_complex	torch.Tensor.cdouble	torch.Tensor.cfloat	torch.Tensor.chalf
conversion	to_float	torch.Tensor.bfloat16	torch.Tensor.double	torch.Tensor.float	torch.Tensor.half
conversion	to_int	torch.Tensor.byte	torch.Tensor.char	torch.Tensor.int	torch.Tensor.long	torch.Tensor.short
conversion	type	torch.Tensor.type
conversion	type_as	torch.Tensor.type_as
cross	cross	torch.Tensor.cross	torch.cross
cross	linalg_cross	torch.linalg.cross
cross	vecdot	torch.linalg.vecdot
ctc_loss	CTCLoss	torch.nn.CTCLoss
ctc_loss	ctc_loss	torch.nn.functional.ctc_loss
decompositions	cov	torch.Tensor.corrcoef	torch.Tensor.cov	torch.corrcoef	torch.cov
decompositions	lu	torch.linalg.lu
decompositions	lu_factor	torch.linalg.lu_factor
decompositions	matrix_rank	torch.linalg.matrix_rank
decompositions	pinv	torch.Tensor.pinverse	torch.linalg.pinv	torch.pinverse
decompositions	qr	torch.Tensor.qr	torch.linalg.qr	torch.qr
decompositions	svd	torch.linalg.svd
decompositions	svdvals	torch.linalg.svdvals
decompositions	torch_lu	torch.Tensor.lu	torch.lu
decompositions	torch_svd	torch.Tensor.svd	torch.svd
diagonal	diag	torch.Tensor.diag	torch.diag
diagonal	diag_embed	torch.Tensor.diag_embed	torch.diag_embed
diagonal	diagflat	torch.Tensor.diagflat	torch.diagflat
diagonal	diagonal	torch.Tensor.diagonal	torch.diagonal
diagonal	tril	torch.Tensor.tril	torch.Tensor.triu	torch.tril	torch.triu
diff	diff	torch.Tensor.diff	torch.diff
differentiation	autograd.backward	torch.autograd.backward
differentiation	autograd.grad	torch.autograd.grad
distance_losses	CosineEmbeddingLoss	torch.nn.CosineEmbeddingLoss
distance_losses	GaussianNLLLoss	torch.nn.GaussianNLLLoss
distance_losses	MarginRankingLoss	torch.nn.MarginRankingLoss
distance_losses	TripletMarginLoss	torch.nn.TripletMarginLoss
distance_losses	TripletMarginWithDistanceLoss	torch.nn.TripletMarginWithDistanceLoss
distance_losses	cosine_embedding_loss	torch.nn.functional.cosine_embedding_loss
distance_losses	gaussian_nll_loss	torch.nn.functional.gaussian_nll_loss
distance_losses	margin_ranking_loss	torch.nn.functional.margin_ranking_loss
distance_losses	triplet_margin_loss	torch.nn.functional.triplet_margin_loss
distance_losses	triplet_margin_with_distance_loss	torch.nn.functional.triplet_margin_with_distance_loss
distributions	Bernoulli/Geometric/Categorical.log_prob	torch.distributions.Bernoulli.log_prob	torch.distributions.Categorical.log_prob	torch.distributions.Geometric.log_prob
distributions	Bernoulli/Geometric/Categorical/OneHotCategorical/OneHotCategoricalStraightThrough	torch.distributions.Bernoulli	torch.distributions.Categorical	torch.distributions.Geometric	torch.distributions.OneHotCategorical	torch.distributions.OneHotCategoricalStraightThrough
distributions	Bernoulli/Geometric/Categorical/OneHotCategorical/OneHotCategoricalStraightThrough.entropy	torch.distributions.Bernoulli.entropy	torch.distributions.Categorical.entropy	torch.distributions.Geometric.entropy	torch.distributions.OneHotCategorical.entropy	torch.distributions.OneHotCategoricalStraightThrough.entropy
distributions	Bernoulli/Geometric/Categorical/OneHotCategorical/OneHotCategoricalStraightThrough.sample	torch.distributions.Bernoulli.sample	torch.distributions.Categorical.sample	torch.distributions.Geometric.sample	torch.distributions.OneHotCategorical.sample	torch.distributions.OneHotCategoricalStraightThrough.rsample	torch.distributions.OneHotCategoricalStraightThrough.sample
distributions	Beta/Kumaraswamy	torch.distributions.Beta	torch.distributions.Kumaraswamy
distributions	Beta/Kumaraswamy.entropy	torch.distributions.Beta.entropy	torch.distributions.Kumaraswamy.entropy
distributions	Beta/Kumaraswamy.log_prob	torch.distributions.Beta.log_prob	torch.distributions.Kumaraswamy.log_prob
distributions	Beta/Kumaraswamy.sample	torch.distributions.Beta.rsample	torch.distributions.Beta.sample	torch.distributions.Kumaraswamy.rsample	torch.distributions.Kumaraswamy.sample
distributions	Binomial.entropy	torch.distributions.Binomial.entropy
distributions	Binomial.log_prob	torch.distributions.Binomial.log_prob
distributions	Binomial/Multinomial	torch.distributions.Binomial	torch.distributions.Multinomial
distributions	Binomial/Multinomial.sample	torch.distributions.Binomial.sample	torch.distributions.Multinomial.sample
distributions	Chi2	torch.distributions.Chi2
distributions	Chi2.entropy	torch.distributions.Chi2.entropy
distributions	Chi2.log_prob	torch.distributions.Chi2.log_prob
distributions	Chi2.sample	torch.distributions.Chi2.rsample	torch.distributions.Chi2.sample
distributions	Dirichlet	torch.distributions.Dirichlet
distributions	Dirichlet.entropy	torch.distributions.Dirichlet.entropy
distributions	Dirichlet.sample	torch.distributions.Dirichlet.rsample	torch.distributions.Dirichlet.sample
distributions	Exponential.entropy	torch.distributions.Exponential.entropy
distributions	Exponential/Poisson	torch.distributions.Exponential	torch.distributions.Poisson
distributions	Exponential/Poisson.log_prob	torch.distributions.Exponential.log_prob	torch.distributions.Poisson.log_prob
distributions	Exponential/Poisson.sample	torch.distributions.Exponential.rsample	torch.distributions.Exponential.sample	torch.distributions.Poisson.sample
distributions	FisherSnedecor	torch.distributions.FisherSnedecor
distributions	FisherSnedecor.log_prob	torch.distributions.FisherSnedecor.log_prob
distributions	FisherSnedecor.sample	torch.distributions.FisherSnedecor.rsample	torch.distributions.FisherSnedecor.sample
distributions	Gamma/InverseGamma	torch.distributions.Gamma	torch.distributions.InverseGamma
distributions	Gamma/InverseGamma.entropy	torch.distributions.Gamma.entropy	torch.distributions.InverseGamma.entropy
distributions	Gamma/InverseGamma.log_prob	torch.distributions.Gamma.log_prob	torch.distributions.InverseGamma.log_prob
distributions	Gamma/InverseGamma.sample	torch.distributions.Gamma.rsample	torch.distributions.Gamma.sample	torch.distributions.InverseGamma.rsample	torch.distributions.InverseGamma.sample
distributions	HalfNormal/HalfCauchy	torch.distributions.HalfCauchy	torch.distributions.HalfNormal
distributions	HalfNormal/HalfCauchy.entropy	torch.distributions.HalfCauchy.entropy	torch.distributions.HalfNormal.entropy
distributions	HalfNormal/HalfCauchy.log_prob	torch.distributions.HalfCauchy.log_prob	torch.distributions.HalfNormal.log_prob
distributions	HalfNormal/HalfCauchy.sample	torch.distributions.HalfCauchy.rsample	torch.distributions.HalfCauchy.sample	torch.distributions.HalfNormal.rsample	torch.distributions.HalfNormal.sample
distributions	MultivariateNormal	torch.distributions.MultivariateNormal
distributions	MultivariateNormal.entropy	torch.distributions.MultivariateNormal.entropy
distributions	MultivariateNormal.log_prob	torch.distributions.MultivariateNormal.log_prob
distributions	MultivariateNormal.sample	torch.distributions.MultivariateNormal.rsample	torch.distributions.MultivariateNormal.sample
distributions	Normal/LogNormal/Laplace/Cauchy/Gumbel	torch.distributions.Cauchy	torch.distributions.Gumbel	torch.distributions.Laplace	torch.distributions.LogNormal	torch.distributions.Normal
distributions	Normal/LogNormal/Laplace/Cauchy/Gumbel.entropy	torch.distributions.Cauchy.entropy	torch.distributions.Gumbel.entropy	torch.distributions.Laplace.entropy	torch.distributions.LogNormal.entropy	torch.distributions.Normal.entropy
distributions	Normal/LogNormal/Laplace/Cauchy/Gumbel.log_prob	torch.distributions.Cauchy.log_prob	torch.distributions.Gumbel.log_prob	torch.distributions.Laplace.log_prob	torch.distributions.LogNormal.log_prob	torch.distributions.Normal.log_prob
distributions	Normal/LogNormal/Laplace/Cauchy/Gumbel.sample	torch.distributions.Cauchy.rsample	torch.distributions.Cauchy.sample	torch.distributions.Gumbel.rsample	torch.distributions.Gumbel.sample	torch.distributions.Laplace.rsample	torch.distributions.Laplace.sample	torch.distributions.LogNormal.rsample	torch.distributions.LogNormal.sample	torch.distributions.Normal.rsample	torch.distributions.Normal.sample
distributions	Pareto	torch.distributions.Pareto
distributions	Pareto.entropy	torch.distributions.Pareto.entropy
distributions	Pareto.log_prob	torch.distributions.Pareto.log_prob
distributions	Pareto.sample	torch.distributions.Pareto.rsample	torch.distributions.Pareto.sample
distributions	StudentT	torch.distributions.StudentT
distributions	StudentT.entropy	torch.distributions.StudentT.entropy
distributions	StudentT.log_prob	torch.distributions.StudentT.log_prob
distributions	StudentT.sample	torch.distributions.StudentT.rsample	torch.distributions.StudentT.sample
distributions	Uniform	torch.distributions.Uniform
distributions	Uniform.entropy	torch.distributions.Uniform.entropy
distributions	Uniform.log_prob	torch.distributions.Uniform.log_prob
distributions	Uniform.sample	torch.distributions.Uniform.rsample	torch.distributions.Uniform.sample
distributions	VonMises	torch.distributions.VonMises
distributions	VonMises.log_prob	torch.distributions.VonMises.log_prob
distributions	VonMises.sample	torch.distributions.VonMises.sample
distributions	Weibull	torch.distributions.Weibull
distributions	Weibull.entropy	torch.distributions.Weibull.entropy
distributions	Weibull.log_prob	torch.distributions.Weibull.log_prob
distributions	Weibull.sample	torch.distributions.Weibull.rsample	torch.distributions.Weibull.sample
dropout	AlphaDropout	torch.nn.AlphaDropout
dropout	Dropout	torch.nn.Dropout
dropout	Dropout1d	torch.nn.Dropout1d
dropout	Dropout2d	torch.nn.Dropout2d
dropout	Dropout3d	torch.nn.Dropout3d
dropout	FeatureAlphaDropout	torch.nn.FeatureAlphaDropout
dropout	alpha_dropout	torch.nn.functional.alpha_dropout
dropout	dropout	torch.nn.functional.dropout
dropout	dropout1d	torch.nn.functional.dropout1d
dropout	dropout2d	torch.nn.functional.dropout2d
dropout	dropout3d	torch.nn.functional.dropout3d
dropout	feature_alpha_dropout	torch.nn.functional.feature_alpha_dropout
dropout	torch_dropout	torch.alpha_dropout	torch.dropout
dropout	torch_feature_dropout	torch.feature_alpha_dropout	torch.feature_dropout
einops	einops.Rearrange	einops.layers.torch.Rearrange
einops	einops.Reduce	einops.layers.torch.Reduce
einops	einops.rearrange	einops.rearrange
einops	einops.reduce	einops.reduce
einops	einops.repeat	einops.repeat
einops_einsum	einops.einsum	einops.einsum
einsum	einsum	torch.einsum
elementwise_losses	BCELoss	torch.nn.BCELoss
elementwise_losses	BCEWithLogitsLoss	torch.nn.BCEWithLogitsLoss
elementwise_losses	HingeEmbeddingLoss	torch.nn.HingeEmbeddingLoss
elementwise_losses	HuberLoss	torch.nn.HuberLoss
elementwise_losses	KLDivLoss	torch.nn.KLDivLoss
elementwise_losses	L1Loss	torch.nn.L1Loss
elementwise_losses	MSELoss	torch.nn.MSELoss
elementwise_losses	MultiLabelMarginLoss	torch.nn.MultiLabelMarginLoss
elementwise_losses	MultiLabelSoftMarginLoss	torch.nn.MultiLabelSoftMarginLoss
elementwise_losses	PoissonNLLLoss	torch.nn.PoissonNLLLoss
elementwise_losses	SmoothL1Loss	torch.nn.SmoothL1Loss
elementwise_losses	SoftMarginLoss	torch.nn.SoftMarginLoss
elementwise_losses	binary_cross_entropy	torch.nn.functional.binary_cross_entropy
elementwise_losses	binary_cross_entropy_with_logits	torch.nn.functional.binary_cross_entropy_with_logits
elementwise_losses	hinge_embedding_loss	torch.nn.functional.hinge_embedding_loss
elementwise_losses	huber_loss	torch.nn.functional.huber_loss
elementwise_losses	kl_div	torch.nn.functional.kl_div
elementwise_losses	l1_loss	torch.nn.functional.l1_loss
elementwise_losses	mse_loss	torch.nn.functional.mse_loss
elementwise_losses	multilabel_margin_loss	torch.nn.functional.multilabel_margin_loss
elementwise_losses	multilabel_soft_margin_loss	torch.nn.functional.multilabel_soft_margin_loss
elementwise_losses	poisson_nll_loss	torch.nn.functional.poisson_nll_loss
elementwise_losses	smooth_l1_loss	torch.nn.functional.smooth_l1_loss
elementwise_losses	soft_margin_loss	torch.nn.functional.soft_margin_loss
embedding	Embedding	torch.nn.Embedding	torch.nn.modules.sparse.Embedding
embedding	Embedding.from_pretrained	torch.nn.Embedding.from_pretrained
embedding	embedding	torch.nn.functional.embedding
embedding	one_hot	torch.nn.functional.one_hot
embedding	torch.embedding	torch.embedding
embedding_bag	EmbeddingBag	torch.nn.EmbeddingBag	torch.nn.modules.sparse.EmbeddingBag
embedding_bag	EmbeddingBag.from_pretrained	torch.nn.EmbeddingBag.from_pretrained
embedding_bag	embedding_bag	torch.nn.functional.embedding_bag
equality	allclose	torch.Tensor.allclose	torch.allclose
equality	equal	torch.Tensor.equal	torch.equal
equality	isin	torch.isin
expand	broadcast_tensors	torch.broadcast_tensors
expand	expand	torch.Tensor.broadcast_to	torch.Tensor.expand	torch.broadcast_to
expand	expand_as	torch.Tensor.expand_as
extremes	aminmax	torch.Tensor.aminmax	torch.aminmax
extremes	max	torch.Tensor.max	torch.Tensor.min	torch.max	torch.min
extremes	median	torch.Tensor.median	torch.Tensor.nanmedian	torch.median	torch.nanmedian
extremes	mode	torch.Tensor.mode	torch.mode
extremes	quantile	torch.Tensor.nanquantile	torch.Tensor.quantile	torch.nanquantile	torch.quantile
factories	eye	torch.eye
factories	full	torch.full
factories	window	torch.bartlett_window	torch.blackman_window	torch.hamming_window	torch.hann_window	torch.kaiser_window
factories	zeros	torch.empty	torch.ones	torch.rand	torch.randn	torch.zeros
fft	fft.fft	torch.fft.fft
fft	fft.fft2	torch.fft.fft2
fft	fft.fftn	torch.fft.fftn
fft	fft.hfft	torch.fft.hfft
fft	fft.ifft	torch.fft.ifft
fft	fft.ifft2	torch.fft.ifft2
fft	fft.ifftn	torch.fft.ifftn
fft	fft.ihfft	torch.fft.ihfft
fft	fft.irfft	torch.fft.irfft
fft	fft.irfft2	torch.fft.irfft2
fft	fft.irfftn	torch.fft.irfftn
fft	fft.rfft	torch.fft.rfft
fft	fft.rfft2	torch.fft.rfft2
fft	fft.rfftn	torch.fft.rfftn
fft	fftfreq	torch.fft.fftfreq
fft	fftshift	torch.fft.fftshift	torch.fft.ifftshift
fft	rfftfreq	torch.fft.rfftfreq
flatten	Flatten	torch.nn.Flatten
flatten	Unflatten	torch.nn.Unflatten
flatten	flatten	torch.Tensor.flatten	torch.flatten
flatten	ravel	torch.Tensor.ravel	torch.ravel
flatten	unflatten	torch.Tensor.unflatten	torch.unflatten
fold	Fold	torch.nn.Fold
fold	Unfold	torch.nn.Unfold
fold	fold	torch.nn.functional.fold
fold	unfold	torch.nn.functional.unfold
foreach	foreach	torch._foreach_abs	torch._foreach_add	torch._foreach_addcdiv	torch._foreach_addcmul	torch._foreach_copy_	torch._foreach_div	torch._foreach_exp	torch._foreach_lerp	torch._foreach_maximum	torch._foreach_minimum	torch._foreach_mul	torch._foreach_neg	torch._foreach_reciprocal	torch._foreach_sqrt	torch._foreach_sub	torch._foreach_zero_
fractional_pool	FractionalMaxPool	torch.nn.FractionalMaxPool2d	torch.nn.FractionalMaxPool3d
fractional_pool	fractional_max_pool2d	torch.nn.functional.fractional_max_pool2d
fractional_pool	fractional_max_pool3d	torch.nn.functional.fractional_max_pool3d
gathering	gather	torch.Tensor.gather	torch.gather
gathering	index_select	torch.Tensor.index_select	torch.index_select
gathering	take	torch.Tensor.take	torch.take
gathering	take_along_dim	torch.Tensor.take_along_dim	torch.take_along_dim
glu	GLU	torch.nn.GLU
glu	glu	torch.nn.functional.glu
gradient_clipping	clip_grad_norm_	torch.nn.utils.clip_grad.clip_grad_norm_	torch.nn.utils.clip_grad_norm	torch.nn.utils.clip_grad_norm_
gradient_clipping	get_total_norm	torch.nn.utils.get_total_norm
gradients	backward	torch.Tensor.backward
gradients	grad	torch.Tensor.grad
gradients	requires_grad_	torch.Tensor.requires_grad_
gradients	retain_grad	torch.Tensor.retain_grad
grid_sample	affine_grid	torch.nn.functional.affine_grid
grid_sample	grid_sample	torch.nn.functional.grid_sample
grids	cartesian_prod	torch.cartesian_prod
grids	combinations	torch.combinations
grids	meshgrid	torch.meshgrid
grids	tril_indices	torch.tril_indices
grids	triu_indices	torch.triu_indices
group_norm	GroupNorm	torch.nn.GroupNorm
group_norm	group_norm	torch.nn.functional.group_norm
group_norm	torch.group_norm	torch.group_norm
handles	device	torch.accelerator.current_accelerator	torch.device	torch.get_default_device
handles	handle	torch.Event	torch.Generator	torch.Stream	torch.Tensor.register_hook	torch.Tensor.storage	torch.Tensor.storage_type	torch.Tensor.untyped_storage	torch._C.DisableTorchFunction	torch.accelerator.current_device_index	torch.amp.GradScaler	torch.amp.autocast	torch.amp.autocast_mode.autocast	torch.autocast	torch.autocast_mode.autocast	torch.autograd.detect_anomaly	torch.autograd.profiler.emit_nvtx	torch.autograd.profiler.profile	torch.autograd.profiler.record_function	torch.autograd.set_detect_anomaly	torch.autograd.set_grad_enabled	torch.backends.cuda.enable_flash_sdp	torch.backends.cuda.enable_math_sdp	torch.backends.cuda.enable_mem_efficient_sdp	torch.backends.cuda.sdp_kernel	torch.backends.cudnn.flags	torch.backends.cudnn.version	torch.cond	torch.cpu.amp.autocast	torch.cuda.CUDAGraph	torch.cuda.Event	torch.cuda.ExternalStream	torch.cuda.MemPool	torch.cuda.Stream	torch.cuda.StreamContext	torch.cuda.amp.GradScaler	torch.cuda.amp.autocast	torch.cuda.amp.autocast_mode.autocast	torch.cuda.amp.grad_scaler.GradScaler	torch.cuda.caching_allocator_alloc	torch.cuda.caching_allocator_delete	torch.cuda.comm.broadcast_coalesced	torch.cuda.cudart	torch.cuda.current_blas_handle	torch.cuda.current_stream	torch.cuda.default_stream	torch.cuda.device	torch.cuda.device_of	torch.cuda.get_allocator_backend	torch.cuda.get_arch_list	torch.cuda.get_device_capability	torch.cuda.get_device_properties	torch.cuda.get_gencode_flags	torch.cuda.get_rng_state	torch.cuda.get_rng_state_all	torch.cuda.graph	torch.cuda.graph_pool_handle	torch.cuda.make_graphed_callables	torch.cuda.mem_get_info	torch.cuda.memory_snapshot	torch.cuda.memory_stats	torch.cuda.memory_stats_as_nested_dict	torch.cuda.nvtx.range	torch.cuda.nvtx.range_end	torch.cuda.nvtx.range_start	torch.cuda.profiler.profile	torch.cuda.stream	torch.distributed.DeviceMesh	torch.distributed.FileStore	torch.distributed.HashStore	torch.distributed.P2POp	torch.distributed.PrefixStore	torch.distributed.ReduceOp	torch.distributed.TCPStore	torch.distributed.all_gather	torch.distributed.all_gather_coalesced	torch.distributed.all_gather_into_tensor	torch.distributed.all_gather_single	torch.distributed.all_reduce	torch.distributed.all_reduce_coalesced	torch.distributed.all_reduce_multigpu	torch.distributed.all_to_all	torch.distributed.all_to_all_single	torch.distributed.barrier	torch.distributed.batch_isend_irecv	torch.distributed.broadcast	torch.distributed.checkpoint.FileSystemReader	torch.distributed.checkpoint.FileSystemWriter	torch.distributed.checkpoint.load	torch.distributed.checkpoint.save	torch.distributed.device_mesh.DeviceMesh	torch.distributed.device_mesh.init_device_mesh	torch.distributed.fsdp.CPUOffload	torch.distributed.fsdp.CPUOffloadPolicy	torch.distributed.fsdp.FullOptimStateDictConfig	torch.distributed.fsdp.FullStateDictConfig	torch.distributed.fsdp.MixedPrecision	torch.distributed.fsdp.MixedPrecisionPolicy	torch.distributed.gather	torch.distributed.get_backend_config	torch.distributed.get_process_group_ranks	torch.distributed.init_device_mesh	torch.distributed.irecv	torch.distributed.isend	torch.distributed.launcher.elastic_launch	torch.distributed.new_group	torch.distributed.new_subgroups	torch.distributed.optim.ZeroRedundancyOptimizer	torch.distributed.recv	torch.distributed.recv_object_list	torch.distributed.reduce	torch.distributed.reduce_scatter	torch.distributed.reduce_scatter_tensor	torch.distributed.rendezvous	torch.distributed.rpc.init_rpc	torch.distributed.rpc.rpc_async	torch.distributed.rpc.rpc_sync	torch.distributed.rpc.shutdown	torch.distributed.scatter	torch.distributed.split_group	torch.distributed.tensor.DeviceMesh	torch.distributed.tensor.Partial	torch.distributed.tensor.Replicate	torch.distributed.tensor.Shard	torch.distributed.tensor._api.distribute_tensor	torch.distributed.tensor.distribute_tensor	torch.distributed.tensor.parallel.ColwiseParallel	torch.distributed.tensor.parallel.PrepareModuleInput	torch.distributed.tensor.parallel.PrepareModuleOutput	torch.distributed.tensor.parallel.RowwiseParallel	torch.distributed.tensor.parallel.SequenceParallel	torch.distributed.tensor.parallel.loss_parallel	torch.distributed.tensor.placement_types.Replicate	torch.distributed.tensor.placement_types.Shard	torch.distributions.AbsTransform	torch.distributions.AffineTransform	torch.distributions.CatTransform	torch.distributions.ComposeTransform	torch.distributions.ContinuousBernoulli	torch.distributions.CorrCholeskyTransform	torch.distributions.CumulativeDistributionTransform	torch.distributions.ExpTransform	torch.distributions.GeneralizedPareto	torch.distributions.Independent	torch.distributions.IndependentTransform	torch.distributions.LKJCholesky	torch.distributions.LogisticNormal	torch.distributions.LowRankMultivariateNormal	torch.distributions.LowerCholeskyTransform	torch.distributions.MixtureSameFamily	torch.distributions.NegativeBinomial	torch.distributions.PositiveDefiniteTransform	torch.distributions.PowerTransform	torch.distributions.RelaxedBernoulli	torch.distributions.RelaxedOneHotCategorical	torch.distributions.ReshapeTransform	torch.distributions.SigmoidTransform	torch.distributions.SoftmaxTransform	torch.distributions.SoftplusTransform	torch.distributions.StackTransform	torch.distributions.StickBreakingTransform	torch.distributions.TanhTransform	torch.distributions.TransformedDistribution	torch.distributions.Wishart	torch.distributions.biject_to	torch.distributions.register_kl	torch.distributions.transform_to	torch.enable_grad	torch.export.Dim	torch.export.export	torch.export.load	torch.export.save	torch.finfo	torch.from_file	torch.fx.GraphModule	torch.fx.Tracer	torch.fx.symbolic_trace	torch.get_autocast_cpu_dtype	torch.get_autocast_dtype	torch.get_autocast_gpu_dtype	torch.get_default_dtype	torch.get_device_module	torch.get_rng_state	torch.hub.help	torch.hub.list	torch.hub.load	torch.hub.load_state_dict_from_url	torch.iinfo	torch.inference_mode	torch.jit.fork	torch.jit.fuser	torch.jit.load	torch.jit.optimize_for_inference	torch.jit.optimized_execution	torch.jit.set_fusion_strategy	torch.jit.strict_fusion	torch.jit.trace_module	torch.jit.wait	torch.load	torch.manual_seed	torch.multiprocessing.Barrier	torch.multiprocessing.Event	torch.multiprocessing.JoinableQueue	torch.multiprocessing.Lock	torch.multiprocessing.Manager	torch.multiprocessing.Pipe	torch.multiprocessing.Pool	torch.multiprocessing.Process	torch.multiprocessing.Queue	torch.multiprocessing.SimpleQueue	torch.multiprocessing.Value	torch.multiprocessing.get_context	torch.multiprocessing.spawn	torch.multiprocessing.start_processes	torch.nn.Module	torch.nn.attention.sdpa_kernel	torch.nn.parameter.UninitializedBuffer	torch.nn.parameter.UninitializedParameter	torch.no_grad	torch.onnx.dynamo_export	torch.onnx.export	torch.onnx.register_custom_op_symbolic	torch.onnx.select_model_mode_for_export	torch.profiler.profile	torch.profiler.record_function	torch.profiler.schedule	torch.profiler.tensorboard_trace_handler	torch.promote_types	torch.random.fork_rng	torch.result_type	torch.serialization.add_safe_globals	torch.serialization.default_restore_location	torch.serialization.safe_globals	torch.set_anomaly_enabled	torch.set_grad_enabled	torch.testing.make_tensor	torch.utils._config_module.Config	torch.utils._mode_utils.no_dispatch	torch.utils._pytree.tree_flatten	torch.utils._pytree.tree_map	torch.utils._pytree.tree_map_only	torch.utils._pytree.tree_unflatten	torch.utils.benchmark.Timer	torch.utils.collect_env.get_pretty_env_info	torch.utils.cpp_extension.BuildExtension	torch.utils.cpp_extension.CUDAExtension	torch.utils.cpp_extension.CppExtension	torch.utils.cpp_extension.load	torch.utils.cpp_extension.load_inline	torch.utils.data.BatchSampler	torch.utils.data.ChainDataset	torch.utils.data.ConcatDataset	torch.utils.data.DistributedSampler	torch.utils.data.RandomSampler	torch.utils.data.SequentialSampler	torch.utils.data.StackDataset	torch.utils.data.SubsetRandomSampler	torch.utils.data.WeightedRandomSampler	torch.utils.data._utils.collate.default_collate	torch.utils.data.default_collate	torch.utils.data.default_convert	torch.utils.data.get_worker_info	torch.utils.dlpack.to_dlpack	torch.utils.flop_counter.FlopCounterMode	torch.utils.mobile_optimizer.optimize_for_mobile	torch.utils.model_zoo.load_url	torch.utils.tensorboard.SummaryWriter	torch.utils.tensorboard.writer.SummaryWriter	torch.while_loop
identity	Identity	torch.nn.Identity
in_place	copy_	torch.Tensor.copy_
in_place	fill_	torch.Tensor.fill_	torch.fill
in_place	random_	torch.Tensor.geometric_	torch.Tensor.random_
in_place	uniform_	torch.Tensor.cauchy_	torch.Tensor.exponential_	torch.Tensor.log_normal_	torch.Tensor.normal_	torch.Tensor.uniform_
index_put	index_put	torch.Tensor.index_put	torch.index_put
indexing	getitem	torch.Tensor.__getitem__
indexing	setitem	torch.Tensor.__setitem__
initial_gain	calculate_gain	torch.nn.init.calculate_gain
initial_gain	fan	torch.nn.init._calculate_correct_fan
initial_gain	fans	torch.nn.init._calculate_fan_in_and_fan_out
initialisers	init.constant_	torch.nn.init.constant	torch.nn.init.constant_
initialisers	init.dirac_	torch.nn.init.dirac	torch.nn.init.dirac_
initialisers	init.eye_	torch.nn.init.eye	torch.nn.init.eye_
initialisers	init.kaiming_normal_	torch.nn.init.kaiming_normal	torch.nn.init.kaiming_normal_
initialisers	init.kaiming_uniform_	torch.nn.init.kaiming_uniform	torch.nn.init.kaiming_uniform_
initialisers	init.normal_	torch.nn.init.normal	torch.nn.init.normal_
initialisers	init.ones_	torch.nn.init.ones_
initialisers	init.orthogonal_	torch.nn.init.orthogonal	torch.nn.init.orthogonal_
initialisers	init.sparse_	torch.nn.init.sparse	torch.nn.init.sparse_
initialisers	init.trunc_normal_	torch.nn.init.trunc_normal_
initialisers	init.uniform_	torch.nn.init.uniform	torch.nn.init.uniform_
initialisers	init.xavier_normal_	torch.nn.init.xavier_normal	torch.nn.init.xavier_normal_
initialisers	init.xavier_uniform_	torch.nn.init.xavier_uniform	torch.nn.init.xavier_uniform_
initialisers	init.zeros_	torch.nn.init.zeros_
kl_divergence	kl_divergence	torch.distributions.kl.kl_divergence	torch.distributions.kl_divergence
layer_norm	LayerNorm	torch.nn.LayerNorm
layer_norm	RMSNorm	torch.nn.RMSNorm
layer_norm	layer_norm	torch.layer_norm	torch.nn.functional.layer_norm
layer_norm	rms_norm	torch.nn.functional.rms_norm	torch.rms_norm
lazy	LazyBatchNorm	torch.nn.LazyBatchNorm1d	torch.nn.LazyBatchNorm2d	torch.nn.LazyBatchNorm3d
lazy	LazyConv	torch.nn.LazyConv1d	torch.nn.LazyConv2d	torch.nn.LazyConv3d
lazy	LazyConvTranspose	torch.nn.LazyConvTranspose1d	torch.nn.LazyConvTranspose2d	torch.nn.LazyConvTranspose3d
lazy	LazyInstanceNorm	torch.nn.LazyInstanceNorm1d	torch.nn.LazyInstanceNorm2d	torch.nn.LazyInstanceNorm3d
lazy	LazyLinear	torch.nn.LazyLinear
likes	full_like	torch.full_like
likes	new_full	torch.Tensor.new_full
likes	new_zeros	torch.Tensor.new_empty	torch.Tensor.new_ones	torch.Tensor.new_zeros
likes	rand_like	torch.rand_like	torch.randn_like
likes	randint_like	torch.randint_like
likes	zeros_like	torch.empty_like	torch.ones_like	torch.zeros_like
linalg	det	torch.Tensor.det	torch.Tensor.logdet	torch.det	torch.linalg.det	torch.logdet
linalg	eig	torch.linalg.eig
linalg	eigh	torch.linalg.eigh
linalg	eigvals	torch.linalg.eigvals
linalg	eigvalsh	torch.linalg.eigvalsh
linalg	inverse	torch.Tensor.cholesky	torch.Tensor.cholesky_inverse	torch.Tensor.inverse	torch.Tensor.matrix_exp	torch.cholesky	torch.cholesky_inverse	torch.inverse	torch.linalg.cholesky	torch.linalg.inv	torch.linalg.matrix_exp	torch.matrix_exp
linalg	matrix_power	torch.Tensor.matrix_power	torch.linalg.matrix_power	torch.matrix_power
linalg	slogdet	torch.Tensor.slogdet	torch.linalg.slogdet	torch.slogdet
linalg	trace	torch.Tensor.trace	torch.trace
linalg_norm	linalg_norm	torch.linalg.norm
linalg_norm	matrix_norm	torch.linalg.matrix_norm
linalg_norm	vector_norm	torch.linalg.vector_norm
linear	Linear	torch.nn.Linear	torch.nn.modules.linear.NonDynamicallyQuantizableLinear
linear	linear	torch.nn.functional.linear
local_response_norm	LocalResponseNorm	torch.nn.LocalResponseNorm
local_response_norm	local_response_norm	torch.nn.functional.local_response_norm
lstsq	lstsq	torch.linalg.lstsq
masking	masked_scatter	torch.Tensor.masked_scatter	torch.masked_scatter
masking	masked_select	torch.Tensor.masked_select	torch.masked_select
masking	nonzero	torch.Tensor.argwhere	torch.Tensor.nonzero	torch.argwhere	torch.nonzero
matmul	matmul	torch.Tensor.__matmul__	torch.Tensor.matmul	torch.linalg.matmul	torch.matmul
multihead_attention	MultiheadAttention	torch.nn.MultiheadAttention	torch.nn.modules.activation.MultiheadAttention
multihead_attention	multi_head_attention_forward	torch.nn.functional.multi_head_attention_forward
named_splits	dsplit	torch.Tensor.dsplit	torch.dsplit
named_splits	hsplit	torch.Tensor.hsplit	torch.hsplit
named_splits	vsplit	torch.Tensor.vsplit	torch.vsplit
narrow	Tensor.unfold	torch.Tensor.unfold
narrow	as_strided	torch.Tensor.as_strided	torch.as_strided
narrow	flip	torch.Tensor.flip	torch.flip
narrow	fliplr	torch.Tensor.fliplr	torch.fliplr
narrow	flipud	torch.Tensor.flipud	torch.flipud
narrow	narrow	torch.Tensor.narrow	torch.Tensor.narrow_copy	torch.narrow	torch.narrow_copy
narrow	roll	torch.Tensor.roll	torch.roll
narrow	rot90	torch.Tensor.rot90	torch.rot90
narrow	select	torch.Tensor.select	torch.select
norm	BatchNorm	torch.nn.BatchNorm1d	torch.nn.BatchNorm2d	torch.nn.BatchNorm3d	torch.nn.SyncBatchNorm
norm	InstanceNorm	torch.nn.InstanceNorm1d	torch.nn.InstanceNorm2d	torch.nn.InstanceNorm3d
norm	batch_norm	torch.nn.functional.batch_norm
norm	instance_norm	torch.nn.functional.instance_norm
numpy_arrays	numpy.arange	numpy.arange
numpy_arrays	numpy.array	numpy.array	numpy.asarray	numpy.ascontiguousarray	numpy.copy
numpy_arrays	numpy.eye	numpy.eye	numpy.identity
numpy_arrays	numpy.full	numpy.full
numpy_arrays	numpy.linspace	numpy.linspace	numpy.logspace
numpy_arrays	numpy.zeros	numpy.empty	numpy.ones	numpy.zeros
numpy_arrays	numpy.zeros_like	numpy.empty_like	numpy.full_like	numpy.ones_like	numpy.zeros_like
numpy_counterparts	numpy.argsort	numpy.argsort
numpy_counterparts	numpy.clip	numpy.clip	numpy.ndarray.clip
numpy_counterparts	numpy.column_stack	numpy.column_stack
numpy_counterparts	numpy.cumsum	numpy.cumprod	numpy.cumsum
numpy_counterparts	numpy.diff	numpy.diff
numpy_counterparts	numpy.divide	numpy.arctan2	numpy.divide	numpy.hypot	numpy.true_divide
numpy_counterparts	numpy.dstack	numpy.dstack
numpy_counterparts	numpy.equal	numpy.equal	numpy.greater	numpy.greater_equal	numpy.isclose	numpy.less	numpy.less_equal	numpy.logical_and	numpy.logical_or	numpy.not_equal
numpy_counterparts	numpy.hstack	numpy.hstack
numpy_counterparts	numpy.isnan	numpy.isfinite	numpy.isinf	numpy.isnan	numpy.logical_not
numpy_counterparts	numpy.maximum	numpy.add	numpy.fmax	numpy.fmin	numpy.maximum	numpy.minimum	numpy.multiply	numpy.power	numpy.subtract
numpy_counterparts	numpy.pad	numpy.pad
numpy_counterparts	numpy.sort	numpy.sort
numpy_counterparts	numpy.tile	numpy.tile
numpy_counterparts	numpy.vstack	numpy.vstack
numpy_counterparts	numpy.where	numpy.where
numpy_entries	numpy.abs	numpy.abs	numpy.absolute	numpy.around	numpy.ceil	numpy.floor	numpy.nan_to_num	numpy.negative	numpy.round	numpy.sign	numpy.square
numpy_entries	numpy.all	numpy.all	numpy.any	numpy.ndarray.all	numpy.ndarray.any
numpy_entries	numpy.argmax	numpy.argmax	numpy.argmin	numpy.nanargmax	numpy.nanargmin	numpy.ndarray.argmax	numpy.ndarray.argmin
numpy_entries	numpy.count_nonzero	numpy.count_nonzero
numpy_entries	numpy.exp	numpy.arccos	numpy.arcsin	numpy.arcsinh	numpy.arctan	numpy.cbrt	numpy.cos	numpy.cosh	numpy.deg2rad	numpy.degrees	numpy.exp	numpy.exp2	numpy.expm1	numpy.log	numpy.log10	numpy.log1p	numpy.log2	numpy.rad2deg	numpy.radians	numpy.rint	numpy.sin	numpy.sinh	numpy.sqrt	numpy.tan	numpy.tanh
numpy_entries	numpy.max	numpy.amax	numpy.amin	numpy.max	numpy.min	numpy.ndarray.max	numpy.ndarray.min
numpy_entries	numpy.mean	numpy.mean	numpy.ndarray.mean	numpy.ndarray.std	numpy.ndarray.var	numpy.std	numpy.var
numpy_entries	numpy.nanmax	numpy.nanmax	numpy.nanmin
numpy_entries	numpy.nanmean	numpy.median	numpy.nanmean	numpy.nanmedian	numpy.nanstd	numpy.nanvar
numpy_entries	numpy.nansum	numpy.nanprod	numpy.nansum
numpy_entries	numpy.ndarray.size	numpy.ndarray.size
numpy_entries	numpy.repeat	numpy.ndarray.repeat	numpy.repeat
numpy_entries	numpy.squeeze	numpy.ndarray.squeeze	numpy.squeeze
numpy_entries	numpy.sum	numpy.ndarray.prod	numpy.ndarray.sum	numpy.prod	numpy.sum
numpy_random	numpy.random.choice	numpy.random.choice
numpy_random	numpy.random.exponential	numpy.random.exponential
numpy_random	numpy.random.laplace	numpy.random.laplace
numpy_random	numpy.random.normal	numpy.random.normal
numpy_random	numpy.random.permutation	numpy.random.permutation
numpy_random	numpy.random.poisson	numpy.random.poisson
numpy_random	numpy.random.rand	numpy.random.rand	numpy.random.randn
numpy_random	numpy.random.randint	numpy.random.randint
numpy_random	numpy.random.random	numpy.random.random	numpy.random.random_sample	numpy.random.standard_normal
numpy_random	numpy.random.uniform	numpy.random.uniform
numpy_selection	numpy.bincount	numpy.bincount
numpy_selection	numpy.delete	numpy.delete
numpy_selection	numpy.insert	numpy.insert
numpy_selection	numpy.take	numpy.ndarray.take	numpy.take
numpy_shapes	numpy.concatenate	numpy.concatenate
numpy_shapes	numpy.expand_dims	numpy.expand_dims
numpy_shapes	numpy.ndarray.T	numpy.ndarray.T
numpy_shapes	numpy.ndarray.astype	numpy.ndarray.astype
numpy_shapes	numpy.ndarray.copy	numpy.ndarray.copy
numpy_shapes	numpy.ndarray.ndim	numpy.ndarray.ndim
numpy_shapes	numpy.ndarray.shape	numpy.ndarray.shape
numpy_shapes	numpy.reshape	numpy.ndarray.reshape	numpy.reshape
numpy_shapes	numpy.stack	numpy.stack
numpy_shapes	numpy.swapaxes	numpy.ndarray.swapaxes	numpy.swapaxes
numpy_shapes	numpy.transpose	numpy.ndarray.transpose	numpy.transpose
numpy_twins	numpy.allclose	numpy.allclose
numpy_twins	numpy.append	numpy.append
numpy_twins	numpy.argwhere	numpy.argwhere
numpy_twins	numpy.array_equal	numpy.array_equal
numpy_twins	numpy.array_split	numpy.array_split
numpy_twins	numpy.average	numpy.average
numpy_twins	numpy.broadcast_to	numpy.broadcast_to
numpy_twins	numpy.diag	numpy.diag
numpy_twins	numpy.digitize	numpy.digitize
numpy_twins	numpy.dot	numpy.dot	numpy.ndarray.dot
numpy_twins	numpy.einsum	numpy.einsum
numpy_twins	numpy.flip	numpy.flip
numpy_twins	numpy.linalg.inv	numpy.linalg.inv
numpy_twins	numpy.linalg.norm	numpy.linalg.norm
numpy_twins	numpy.linalg.pinv	numpy.linalg.pinv
numpy_twins	numpy.matmul	numpy.matmul
numpy_twins	numpy.meshgrid	numpy.meshgrid
numpy_twins	numpy.moveaxis	numpy.moveaxis
numpy_twins	numpy.outer	numpy.outer
numpy_twins	numpy.quantile	numpy.nanpercentile	numpy.nanquantile	numpy.percentile	numpy.quantile
numpy_twins	numpy.roll	numpy.roll
numpy_twins	numpy.searchsorted	numpy.searchsorted
numpy_twins	numpy.split	numpy.split
numpy_twins	numpy.tensordot	numpy.tensordot
numpy_twins	numpy.triu	numpy.tril	numpy.triu
numpy_twins	numpy.unique	numpy.unique
packed	PackedSequence	torch.nn.utils.rnn.PackedSequence
packed	PackedSequence.batch_sizes	torch.nn.utils.rnn.PackedSequence.batch_sizes
packed	PackedSequence.data	torch.nn.utils.rnn.PackedSequence.data
packed	PackedSequence.sorted_indices	torch.nn.utils.rnn.PackedSequence.sorted_indices
packed	PackedSequence.unsorted_indices	torch.nn.utils.rnn.PackedSequence.unsorted_indices
packed	pack_padded_sequence	torch.nn.utils.rnn.pack_padded_sequence
packed	pad_packed_sequence	torch.nn.utils.rnn.pad_packed_sequence
pad	CircularPad	torch.nn.CircularPad1d	torch.nn.CircularPad2d	torch.nn.CircularPad3d
pad	ConstantPad	torch.nn.ConstantPad1d	torch.nn.ConstantPad2d	torch.nn.ConstantPad3d
pad	ReflectionPad	torch.nn.ReflectionPad1d	torch.nn.ReflectionPad2d	torch.nn.ReflectionPad3d
pad	ReplicationPad	torch.nn.ReplicationPad1d	torch.nn.ReplicationPad2d	torch.nn.ReplicationPad3d
pad	ZeroPad	torch.nn.ZeroPad1d	torch.nn.ZeroPad2d	torch.nn.ZeroPad3d
pad	pad	torch.nn.functional.pad
pad_sequence	pack_sequence	torch.nn.utils.rnn.pack_sequence
pad_sequence	pad_sequence	torch.nn.utils.rnn.pad_sequence
pad_sequence	unpack_sequence	torch.nn.utils.rnn.unpack_sequence
pad_sequence	unpad_sequence	torch.nn.utils.rnn.unpad_sequence
parameter_vectors	parameters_to_vector	torch._utils._flatten_dense_tensors	torch.nn.utils.convert_parameters.parameters_to_vector	torch.nn.utils.parameters_to_vector
parameter_vectors	unflatten_dense_tensors	torch._utils._unflatten_dense_tensors
parameters	Buffer	torch.nn.Buffer	torch.nn.parameter.Buffer
parameters	Parameter	torch.nn.Parameter	torch.nn.parameter.Parameter
parameters	Variable	torch.autograd.Variable	torch.autograd.variable.Variable
part_scattering	diagonal_scatter	torch.Tensor.diagonal_scatter	torch.diagonal_scatter
part_scattering	select_scatter	torch.Tensor.select_scatter	torch.select_scatter
part_scattering	slice_scatter	torch.Tensor.slice_scatter	torch.slice_scatter
permute	permute	torch.Tensor.permute	torch.permute
pixel_shuffle	ChannelShuffle	torch.nn.ChannelShuffle
pixel_shuffle	PixelShuffle	torch.nn.PixelShuffle
pixel_shuffle	PixelUnshuffle	torch.nn.PixelUnshuffle
pixel_shuffle	channel_shuffle	torch.channel_shuffle	torch.nn.functional.channel_shuffle
pixel_shuffle	pixel_shuffle	torch.nn.functional.pixel_shuffle	torch.pixel_shuffle
pixel_shuffle	pixel_unshuffle	torch.nn.functional.pixel_unshuffle	torch.pixel_unshuffle
pointwise	bool_function	torch.Tensor.isfinite	torch.Tensor.isinf	torch.Tensor.isnan	torch.Tensor.isneginf	torch.Tensor.isposinf	torch.Tensor.isreal	torch.Tensor.logical_not	torch.Tensor.signbit	torch.isfinite	torch.isinf	torch.isnan	torch.isneginf	torch.isposinf	torch.isreal	torch.logical_not	torch.signbit
pointwise	float_function	torch.Tensor.acos	torch.Tensor.acosh	torch.Tensor.angle	torch.Tensor.arccos	torch.Tensor.arccosh	torch.Tensor.arcsin	torch.Tensor.arcsinh	torch.Tensor.arctan	torch.Tensor.arctanh	torch.Tensor.asin	torch.Tensor.asinh	torch.Tensor.atan	torch.Tensor.atanh	torch.Tensor.cos	torch.Tensor.cosh	torch.Tensor.deg2rad	torch.Tensor.digamma	torch.Tensor.erf	torch.Tensor.erfc	torch.Tensor.erfinv	torch.Tensor.exp	torch.Tensor.exp2	torch.Tensor.expm1	torch.Tensor.i0	torch.Tensor.lgamma	torch.Tensor.log	torch.Tensor.log10	torch.Tensor.log1p	torch.Tensor.log2	torch.Tensor.logit	torch.Tensor.mvlgamma	torch.Tensor.rad2deg	torch.Tensor.reciprocal	torch.Tensor.rsqrt	torch.Tensor.sigmoid	torch.Tensor.sin	torch.Tensor.sinc	torch.Tensor.sinh	torch.Tensor.sqrt	torch.Tensor.tan	torch.Tensor.tanh	torch.acos	torch.acosh	torch.angle	torch.arccos	torch.arccosh	torch.arcsin	torch.arcsinh	torch.arctan	torch.arctanh	torch.asin	torch.asinh	torch.atan	torch.atanh	torch.cos	torch.cosh	torch.deg2rad	torch.digamma	torch.erf	torch.erfc	torch.erfinv	torch.exp	torch.exp2	torch.expm1	torch.i0	torch.lgamma	torch.log	torch.log10	torch.log1p	torch.log2	torch.logit	torch.mvlgamma	torch.nn.functional.sigmoid	torch.nn.functional.tanh	torch.rad2deg	torch.reciprocal	torch.rsqrt	torch.sigmoid	torch.sin	torch.sinc	torch.sinh	torch.special.airy_ai	torch.special.bessel_j0	torch.special.bessel_j1	torch.special.bessel_y0	torch.special.bessel_y1	torch.special.digamma	torch.special.entr	torch.special.erf	torch.special.erfc	torch.special.erfcx	torch.special.erfinv	torch.special.exp2	torch.special.expit	torch.special.expm1	torch.special.gammaln	torch.special.i0	torch.special.i0e	torch.special.i1	torch.special.i1e	torch.special.log1p	torch.special.log_ndtr	torch.special.logit	torch.special.modified_bessel_i0	torch.special.modified_bessel_i1	torch.special.modified_bessel_k0	torch.special.modified_bessel_k1	torch.special.multigammaln	torch.special.ndtr	torch.special.ndtri	torch.special.psi	torch.special.scaled_modified_bessel_k0	torch.special.scaled_modified_bessel_k1	torch.special.sinc	torch.special.spherical_bessel_j0	torch.sqrt	torch.tan	torch.tanh
pointwise	polygamma	torch.Tensor.polygamma	torch.polygamma	torch.special.polygamma
pointwise	real_function	torch.Tensor.abs	torch.Tensor.absolute	torch.abs	torch.absolute	torch.imag	torch.real
pointwise	same_kind_function	torch.Tensor.bernoulli	torch.Tensor.bitwise_not	torch.Tensor.ceil	torch.Tensor.conj_physical	torch.Tensor.fix	torch.Tensor.floor	torch.Tensor.frac	torch.Tensor.nan_to_num	torch.Tensor.neg	torch.Tensor.negative	torch.Tensor.positive	torch.Tensor.round	torch.Tensor.sgn	torch.Tensor.sign	torch.Tensor.trunc	torch.bernoulli	torch.bitwise_not	torch.ceil	torch.conj_physical	torch.fix	torch.floor	torch.frac	torch.nan_to_num	torch.neg	torch.negative	torch.poisson	torch.positive	torch.round	torch.sgn	torch.sign	torch.special.round	torch.trunc
pointwise	square	torch.Tensor.square	torch.square
pool	AvgPool	torch.nn.AvgPool1d	torch.nn.AvgPool2d	torch.nn.AvgPool3d
pool	LPPool	torch.nn.LPPool1d	torch.nn.LPPool2d	torch.nn.LPPool3d
pool	MaxPool	torch.nn.MaxPool1d	torch.nn.MaxPool2d	torch.nn.MaxPool3d
pool	avg_pool1d	torch.avg_pool1d	torch.nn.functional.avg_pool1d
pool	avg_pool2d	torch.nn.functional.avg_pool2d
pool	avg_pool3d	torch.nn.functional.avg_pool3d
pool	lp_pool1d	torch.nn.functional.lp_pool1d
pool	lp_pool2d	torch.nn.functional.lp_pool2d
pool	lp_pool3d	torch.nn.functional.lp_pool3d
pool	max_pool1d	torch.max_pool1d	torch.nn.functional.max_pool1d
pool	max_pool2d	torch.max_pool2d	torch.nn.functional.max_pool2d
pool	max_pool3d	torch.max_pool3d	torch.nn.functional.max_pool3d
prelu	PReLU	torch.nn.PReLU
prelu	prelu	torch.Tensor.prelu	torch.nn.functional.prelu	torch.prelu
products	addbmm	torch.Tensor.addbmm	torch.addbmm
products	addmm	torch.Tensor.addmm	torch.addmm
products	addmv	torch.Tensor.addmv	torch.addmv
products	addr	torch.Tensor.addr	torch.addr
products	baddbmm	torch.Tensor.baddbmm	torch.baddbmm
products	bmm	torch.Tensor.bmm	torch.bmm
products	dot	torch.Tensor.dot	torch.dot
products	mm	torch.Tensor.mm	torch.mm
products	mv	torch.Tensor.mv	torch.mv
products	outer	torch.Tensor.ger	torch.Tensor.outer	torch.ger	torch.outer
products	vdot	torch.Tensor.vdot	torch.vdot
python_values	bool()	torch.Tensor.__bool__	torch.Tensor.is_nonzero	torch.is_nonzero
python_values	device	torch.Tensor.device	torch.Tensor.layout
python_values	dtype	torch.Tensor.dtype
python_values	flags	torch.Tensor.is_conj	torch.Tensor.is_cpu	torch.Tensor.is_cuda	torch.Tensor.is_distributed	torch.Tensor.is_inference	torch.Tensor.is_leaf	torch.Tensor.is_meta	torch.Tensor.is_mps	torch.Tensor.is_neg	torch.Tensor.is_pinned	torch.Tensor.is_quantized	torch.Tensor.is_shared	torch.Tensor.is_signed	torch.Tensor.is_sparse	torch.Tensor.is_xpu	torch.Tensor.requires_grad	torch.Tensor.retains_grad	torch.is_conj	torch.is_neg
python_values	float()	torch.Tensor.__float__
python_values	int()	torch.Tensor.__int__
python_values	is_complex	torch.Tensor.is_complex	torch.is_complex
python_values	is_contiguous	torch.Tensor.is_contiguous
python_values	is_floating_point	torch.Tensor.is_floating_point	torch.is_floating_point
python_values	item	torch.Tensor.item
python_values	places	torch.Tensor._version	torch.Tensor.data_ptr	torch.Tensor.element_size	torch.Tensor.get_device	torch.Tensor.itemsize	torch.Tensor.nbytes	torch.Tensor.output_nr	torch.Tensor.storage_offset
python_values	tolist	torch.Tensor.tolist
random_draws	multinomial	torch.Tensor.multinomial	torch.multinomial
random_draws	normal	torch.normal
random_draws	randint	torch.randint
random_draws	randperm	torch.randperm
ranges	arange	torch.arange
ranges	linspace	torch.linspace	torch.logspace
ranges	range	torch.range
recurrent	GRU	torch.nn.GRU	torch.nn.modules.rnn.GRU
recurrent	LSTM	torch.nn.LSTM	torch.nn.modules.rnn.LSTM
recurrent	RNN	torch.nn.RNN	torch.nn.modules.rnn.RNN
recurrent_cells	GRUCell	torch.nn.GRUCell	torch.nn.modules.rnn.GRUCell
recurrent_cells	LSTMCell	torch.nn.LSTMCell	torch.nn.modules.rnn.LSTMCell
recurrent_cells	RNNCell	torch.nn.RNNCell	torch.nn.modules.rnn.RNNCell
reductions	all	torch.Tensor.all	torch.Tensor.any	torch.all	torch.any
reductions	amax	torch.Tensor.amax	torch.Tensor.amin	torch.amax	torch.amin
reductions	argmax	torch.Tensor.argmax	torch.Tensor.argmin	torch.argmax	torch.argmin
reductions	count_nonzero	torch.Tensor.count_nonzero	torch.count_nonzero
reductions	logsumexp	torch.Tensor.logsumexp	torch.logsumexp	torch.special.logsumexp
reductions	mean	torch.Tensor.mean	torch.Tensor.nanmean	torch.mean	torch.nanmean
reductions	norm	torch.Tensor.norm	torch.norm
reductions	prod	torch.Tensor.prod	torch.prod
reductions	std	torch.Tensor.std	torch.Tensor.var	torch.std	torch.var
reductions	std_mean	torch.std_mean	torch.var_mean
reductions	sum	torch.Tensor.nansum	torch.Tensor.sum	torch.nansum	torch.sum
repeat	repeat	torch.Tensor.repeat
repeat	repeat_interleave	torch.Tensor.repeat_interleave	torch.repeat_interleave
repeat	tile	torch.Tensor.tile	torch.tile
repeated_options	_pair	torch.nn.modules.utils._pair
repeated_options	_quadruple	torch.nn.modules.utils._quadruple
repeated_options	_single	torch.nn.modules.utils._single
repeated_options	_triple	torch.nn.modules.utils._triple
rescaling	fill_diagonal_	torch.Tensor.fill_diagonal_
rescaling	renorm	torch.Tensor.renorm	torch.renorm
reshape	reshape	torch.Tensor.reshape	torch.Tensor.view	torch.reshape
reshape	reshape_as	torch.Tensor.reshape_as	torch.Tensor.view_as
scalar_tensor	scalar_tensor	torch.scalar_tensor
scattering	index_add	torch.Tensor.index_add	torch.index_add
scattering	index_copy	torch.Tensor.index_copy	torch.index_copy
scattering	index_fill	torch.Tensor.index_fill	torch.index_fill
scattering	index_reduce	torch.Tensor.index_reduce	torch.index_reduce
scattering	scatter	torch.Tensor.scatter	torch.Tensor.scatter_add	torch.Tensor.scatter_reduce	torch.scatter	torch.scatter_add	torch.scatter_reduce
settings	count	torch.accelerator.device_count	torch.cuda.clock_rate	torch.cuda.current_device	torch.cuda.device_count	torch.cuda.device_memory_used	torch.cuda.get_sync_debug_mode	torch.cuda.initial_seed	torch.cuda.max_memory_allocated	torch.cuda.max_memory_cached	torch.cuda.max_memory_reserved	torch.cuda.memory_allocated	torch.cuda.memory_cached	torch.cuda.memory_reserved	torch.cuda.nvtx.range_pop	torch.cuda.nvtx.range_push	torch.cuda.power_draw	torch.cuda.temperature	torch.cuda.utilization	torch.distributed.get_global_rank	torch.distributed.get_group_rank	torch.distributed.get_node_local_rank	torch.distributed.get_rank	torch.distributed.get_world_size	torch.get_deterministic_debug_mode	torch.get_num_interop_threads	torch.get_num_threads	torch.initial_seed	torch.mps.current_allocated_memory	torch.multiprocessing.cpu_count	torch.npu.current_device	torch.npu.device_count	torch.seed	torch.xpu.device_count
settings	name	torch.cuda.get_device_name	torch.cuda.list_gpu_processes	torch.cuda.memory_summary	torch.distributed.get_backend	torch.get_float32_matmul_precision	torch.hub._get_torch_home	torch.hub.get_dir	torch.multiprocessing.get_sharing_strategy	torch.multiprocessing.get_start_method	torch.typename
settings	question	torch.accelerator.is_available	torch.are_deterministic_algorithms_enabled	torch.backends.cuda.is_built	torch.backends.cudnn.is_available	torch.backends.mkl.is_available	torch.backends.mkldnn.is_available	torch.backends.mps.is_available	torch.backends.mps.is_built	torch.backends.openmp.is_available	torch.backends.opt_einsum.is_available	torch.can_cast	torch.compiled_with_cxx11_abi	torch.compiler.is_compiling	torch.cuda.can_device_access_peer	torch.cuda.is_bf16_supported	torch.cuda.is_current_stream_capturing	torch.cuda.is_initialized	torch.cuda.is_tf32_supported	torch.distributed.is_available	torch.distributed.is_gloo_available	torch.distributed.is_initialized	torch.distributed.is_mpi_available	torch.distributed.is_nccl_available	torch.distributed.is_torchelastic_launched	torch.distributed.is_ucc_available	torch.is_anomaly_check_nan_enabled	torch.is_anomaly_enabled	torch.is_autocast_cache_enabled	torch.is_autocast_cpu_enabled	torch.is_autocast_enabled	torch.is_deterministic_algorithms_warn_only_enabled	torch.is_grad_enabled	torch.is_inference_mode_enabled	torch.is_storage	torch.is_warn_always_enabled	torch.jit.isinstance	torch.mps.is_available	torch.npu.is_available	torch.set_flush_denormal	torch.xpu.is_available
settings	switch	numpy.random.seed	numpy.random.shuffle	numpy.save	numpy.savetxt	numpy.savez	numpy.savez_compressed	numpy.set_printoptions	torch.Tensor.record_stream	torch._C._debug_set_autodiff_subgraph_inlining	torch._C._jit_clear_class_registry	torch._C._jit_override_can_fuse_on_cpu	torch._C._jit_override_can_fuse_on_gpu	torch._C._jit_set_autocast_mode	torch._C._jit_set_nvfuser_enabled	torch._C._jit_set_nvfuser_guard_mode	torch._C._jit_set_profiling_executor	torch._C._jit_set_profiling_mode	torch._C._jit_set_texpr_fuser_enabled	torch._C._set_worker_signal_handlers	torch._assert	torch._check	torch._dynamo.reset	torch.clear_autocast_cache	torch.cuda.empty_cache	torch.cuda.init	torch.cuda.ipc_collect	torch.cuda.manual_seed	torch.cuda.manual_seed_all	torch.cuda.memory._dump_snapshot	torch.cuda.memory._record_memory_history	torch.cuda.nvtx.mark	torch.cuda.profiler.start	torch.cuda.profiler.stop	torch.cuda.reset_max_memory_allocated	torch.cuda.reset_max_memory_cached	torch.cuda.reset_peak_memory_stats	torch.cuda.seed	torch.cuda.seed_all	torch.cuda.set_device	torch.cuda.set_per_process_memory_fraction	torch.cuda.set_rng_state	torch.cuda.set_rng_state_all	torch.cuda.set_stream	torch.cuda.set_sync_debug_mode	torch.cuda.synchronize	torch.distributed.all_gather_object	torch.distributed.broadcast_object_list	torch.distributed.destroy_process_group	torch.distributed.gather_object	torch.distributed.init_process_group	torch.distributed.monitored_barrier	torch.distributed.scatter_object_list	torch.distributed.send	torch.distributed.send_object_list	torch.hub.download_url_to_file	torch.hub.set_dir	torch.jit.enable_onednn_fusion	torch.jit.save	torch.mps.empty_cache	torch.mps.manual_seed	torch.mps.seed	torch.mps.set_rng_state	torch.mps.synchronize	torch.multiprocessing.freeze_support	torch.multiprocessing.set_sharing_strategy	torch.multiprocessing.set_start_method	torch.nn.Module.__init__	torch.nn.utils.clip_grad_value_	torch.nn.utils.clip_grads_with_norm_	torch.nn.utils.vector_to_parameters	torch.npu.empty_cache	torch.npu.manual_seed	torch.npu.manual_seed_all	torch.npu.set_device	torch.npu.synchronize	torch.save	torch.set_default_device	torch.set_default_dtype	torch.set_default_tensor_type	torch.set_deterministic_debug_mode	torch.set_float32_matmul_precision	torch.set_num_interop_threads	torch.set_num_threads	torch.set_printoptions	torch.set_rng_state	torch.set_warn_always	torch.testing.assert_allclose	torch.testing.assert_close	torch.use_deterministic_algorithms	torch.xpu.empty_cache	torch.xpu.manual_seed	torch.xpu.manual_seed_all	torch.xpu.set_device	torch.xpu.synchronize
similarity	CosineSimilarity	torch.nn.CosineSimilarity
similarity	PairwiseDistance	torch.nn.PairwiseDistance
similarity	cdist	torch.cdist
similarity	cosine_similarity	torch.cosine_similarity	torch.nn.functional.cosine_similarity
similarity	dist	torch.Tensor.dist	torch.dist
similarity	pairwise_distance	torch.nn.functional.pairwise_distance	torch.pairwise_distance
similarity	pdist	torch.nn.functional.pdist	torch.pdist
size	dim	torch.Tensor.dim	torch.Tensor.ndim	torch.Tensor.ndimension
size	len	torch.Tensor.__len__
size	numel	torch.Tensor.nelement	torch.Tensor.numel	torch.numel
size	shape	torch.Tensor.shape
size	size	torch.Tensor.size
size	stride	torch.Tensor.stride
softmax	Softmax	torch.nn.LogSoftmax	torch.nn.Softmax	torch.nn.Softmin
softmax	Softmax2d	torch.nn.Softmax2d
softmax	cummax	torch.Tensor.cummax	torch.Tensor.cummin	torch.cummax	torch.cummin
softmax	cumsum	torch.Tensor.cumprod	torch.Tensor.cumsum	torch.cumprod	torch.cumsum
softmax	gumbel_softmax	torch.nn.functional.gumbel_softmax
softmax	logits_to_probs	torch.distributions.utils.logits_to_probs	torch.distributions.utils.probs_to_logits
softmax	normalize	torch.nn.functional.normalize
softmax	softmax	torch.Tensor.log_softmax	torch.Tensor.softmax	torch.log_softmax	torch.nn.functional.log_softmax	torch.nn.functional.softmax	torch.nn.functional.softmin	torch.softmax
softmax	special_softmax	torch.Tensor.logcumsumexp	torch.logcumsumexp	torch.special.log_softmax	torch.special.softmax
solve	cholesky_solve	torch.Tensor.cholesky_solve	torch.cholesky_solve
solve	solve	torch.linalg.solve
solve	solve_triangular	torch.linalg.solve_triangular
sorting	argsort	torch.Tensor.argsort	torch.argsort
sorting	kthvalue	torch.Tensor.kthvalue	torch.kthvalue
sorting	msort	torch.Tensor.msort	torch.msort
sorting	sort	torch.Tensor.sort	torch.sort
sorting	topk	torch.Tensor.topk	torch.topk
sparse	sparse.mm	torch.Tensor.smm	torch.dsmm	torch.hspmm	torch.smm	torch.sparse.mm	torch.spmm
sparse	sparse_coo_tensor	torch.sparse.FloatTensor	torch.sparse.LongTensor	torch.sparse_coo_tensor
sparse	to_sparse	torch.Tensor.coalesce	torch.Tensor.to_sparse	torch.Tensor.to_sparse_coo
split	chunk	torch.Tensor.chunk	torch.Tensor.unsafe_chunk	torch.chunk	torch.unsafe_chunk
split	split	torch.Tensor.split	torch.Tensor.split_with_sizes	torch.split	torch.split_with_sizes
split	tensor_split	torch.Tensor.tensor_split	torch.tensor_split
split	unbind	torch.Tensor.unbind	torch.unbind
squeeze	atleast_1d	torch.atleast_1d
squeeze	atleast_2d	torch.atleast_2d
squeeze	atleast_3d	torch.atleast_3d
squeeze	squeeze	torch.Tensor.squeeze	torch.squeeze
squeeze	unsqueeze	torch.Tensor.unsqueeze	torch.unsqueeze
stack	column_stack	torch.column_stack
stack	dstack	torch.dstack
stack	hstack	torch.hstack
stack	stack	torch.stack
stack	vstack	torch.row_stack	torch.vstack
stft	istft	torch.Tensor.istft	torch.istft
stft	stft	torch.Tensor.stft	torch.stft
tensor_data	from_numpy	torch.from_numpy
tensor_data	new_tensor	torch.Tensor.new_tensor
tensor_data	tensor	torch.as_tensor	torch.asarray	torch.tensor
tensordot	inner	torch.Tensor.inner	torch.inner
tensordot	kron	torch.Tensor.kron	torch.kron
tensordot	multi_dot	torch.chain_matmul	torch.linalg.multi_dot
tensordot	tensordot	torch.tensordot
transformer	Transformer	torch.nn.Transformer
transformer	TransformerDecoder	torch.nn.TransformerDecoder
transformer	TransformerDecoderLayer	torch.nn.TransformerDecoderLayer
transformer	TransformerEncoder	torch.nn.TransformerEncoder
transformer	TransformerEncoderLayer	torch.nn.TransformerEncoderLayer
transformer	generate_square_subsequent_mask	torch.nn.Transformer.generate_square_subsequent_mask	torch.nn.modules.transformer._generate_square_subsequent_mask
transpose	T	torch.Tensor.T
transpose	mT	torch.Tensor.H	torch.Tensor.adjoint	torch.Tensor.mH	torch.Tensor.mT	torch.adjoint
transpose	movedim	torch.Tensor.moveaxis	torch.Tensor.movedim	torch.moveaxis	torch.movedim
transpose	t	torch.Tensor.t	torch.t
transpose	transpose	torch.Tensor.swapaxes	torch.Tensor.swapdims	torch.Tensor.transpose	torch.swapaxes	torch.swapdims	torch.transpose
unique	unique	torch.Tensor.unique	torch.unique
unique	unique_consecutive	torch.Tensor.unique_consecutive	torch.unique_consecutive
unpool	MaxUnpool	torch.nn.MaxUnpool1d	torch.nn.MaxUnpool2d	torch.nn.MaxUnpool3d
unpool	max_unpool1d	torch.nn.functional.max_unpool1d
unpool	max_unpool2d	torch.nn.functional.max_unpool2d
unpool	max_unpool3d	torch.nn.functional.max_unpool3d
upsample	Upsample	torch.nn.Upsample
upsample	Upsampling2d	torch.nn.UpsamplingBilinear2d	torch.nn.UpsamplingNearest2d
upsample	interpolate	torch.nn.functional.interpolate
upsample	upsample	torch.nn.functional.upsample
upsample	upsample_bilinear	torch.nn.functional.upsample_bilinear
upsample	upsample_nearest	torch.nn.functional.upsample_nearest
where	masked_fill	torch.Tensor.masked_fill	torch.masked_fill
where	where	torch.Tensor.where	torch.where
"""
