//! The words of an explanation, in English and Korean side by side: one that is missing does not compile.

use crate::args::Lang;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident: $en:literal, $ko:literal;)*) => {
        /// The words of one language. `{}` stands for what is filled in.
        #[derive(Debug)]
        pub(crate) struct Words {
            korean: bool,
            $($(#[$doc])* pub(crate) $name: &'static str,)*
        }

        static ENGLISH: Words = Words { korean: false, $($name: $en,)* };
        static KOREAN: Words = Words { korean: true, $($name: $ko,)* };
    };
}

words! {
    network: "network", "신경망";
    cost: "cost", "비용 함수";
    regularisation: "regularisation", "정규화";
    optimizer: "step", "갱신";
    target: "target", "목표";
    prediction: "output", "출력";
    layer: "layer", "층";
    neuron: "neuron", "뉴런";
    neurons: "neurons", "뉴런 수";
    weight: "weight", "가중치";
    value: "value", "값";
    output: "output", "출력";
    sample: "sample", "표본";
    samples: "samples", "표본";
    epoch: "epoch", "에폭";
    training_step: "step", "학습 단계";
    temperature: "temperature", "온도";
    cooled: "{}: the weighted inputs of the output layer are divided by it since then", "{}: 출력층의 가중 입력을 그 뒤로 이 값으로 나눈다";
    from_on_template: "{label} from {p} on", "{p}부터 {label}";
    sum: "sum", "합";
    step: "step", "갱신";
    mean: "mean", "평균";
    difference: "difference", "차이";
    layers: "Layers: how the error fades or grows on its way down", "층: 오차가 역전파되며 줄거나 커지는 모습";
    saturated: "saturated", "포화";
    most_wrong: "Most wrong outputs", "가장 많이 틀린 출력";
    largest_gradients: "Weights with the largest gradient", "기울기가 가장 큰 가중치";
    batch: "The batch: δ of each sample, and the mean that the update uses", "배치: 각 표본의 δ와 갱신에 쓰이는 평균";
    one_path: "Of each wide layer one neuron, equation by equation", "넓은 층은 뉴런 하나씩, 식마다";
    one_path_note: "the one with the largest error, with its weight of largest gradient; --neuron and --weight choose",
        "오차가 가장 큰 뉴런과 그 가중치 가운데 기울기가 가장 큰 것 (--neuron, --weight 로 고르기)";
    forward: "Forward: weighted input z = w·a + b, activation a = σ(z)", "순방향: 가중 입력 z = w·a + b, 활성화 값 a = σ(z)";
    bp1: "BP1  δᴸ = ∇ₐC ⊙ σ′(zᴸ): the error of the output", "BP1  δᴸ = ∇ₐC ⊙ σ′(zᴸ): 출력층의 오차";
    two_forms: "BP1 through the whole Jacobian of the output", "BP1: 출력층의 야코비 행렬을 거친 꼴";
    short_form: "short form", "짧은 꼴";
    bp2: "BP2  δˡ = ((wˡ⁺¹)ᵀ δˡ⁺¹) ⊙ σ′(zˡ): the error of a hidden layer", "BP2  δˡ = ((wˡ⁺¹)ᵀ δˡ⁺¹) ⊙ σ′(zˡ): 은닉층의 오차역전파";
    bp3: "BP3  ∂C/∂b = δ: biases", "BP3  ∂C/∂b = δ: 편향";
    bp4: "BP4  ∂C/∂w = a·δ: weights", "BP4  ∂C/∂w = a·δ: 가중치";
    input_scale: "BP4 of the learned input scale  ∂C/∂s = x·δ¹", "학습되는 입력 배율의 BP4  ∂C/∂s = x·δ¹";
    picture: "What δ means: move z by Δz, and the sample's cost moves by about δ·Δz",
        "δ의 뜻: z를 Δz만큼 움직이면 표본의 비용은 약 δ·Δz만큼 변한다";
    off_by: "off by", "어긋남";
    central_difference: "central difference", "중앙 차분";
    relative_error: "relative error", "상대 오차";
    agrees: "agrees", "일치";
    disagrees: "DISAGREES", "불일치";
    not_checkable: "not checkable: no further off than rounding can make it", "확인할 수 없음: 반올림 오차 안의 차이";
    jacobian_rounded: "differs: the output has rounded to 0 or 1, where only the short form still says something",
        "다름: 출력이 0이나 1로 반올림되어 짧은 꼴만 뜻이 있다";
    next: "Go deeper", "더 들어가기";
    more_template: "{} more", "그 밖의 {}개";
    zeros_template: "{} are 0", "{}개는 0";
    parameters_template: "{} parameters", "매개변수 {}개";
    kink_template: "a kink within ±h ({}): no difference can be taken here", "±h 안에 꺾인 점({}): 여기서는 차분을 구할 수 없음";
    log_template: "bars on a log scale from {} to {}", "막대는 {}부터 {}까지의 로그 눈금";
    first_step: "{}, its first step with running values of 0", "{}, 누적값이 0인 첫 갱신";
    clipped: "gradients longer than {} shortened", "{}보다 긴 기울기는 줄임";
    rate_of_biases: "biases η·{}", "편향 η·{}";
    rate_of_scale: "input scale η·{}", "입력 배율 η·{}";
    rate_of_weights: "weights η/{}, n inputs", "가중치 η/{} (입력 n개)";
    next_scale: "the learned input scale", "학습되는 입력 배율";
    next_layer: "layer {} alone, at its worst neuron", "{}층만, 오차가 가장 큰 뉴런";
    next_weight: "the weight with the largest gradient", "기울기가 가장 큰 가중치";
    next_neuron: "the most wrong output", "가장 많이 틀린 출력";
    next_matrix: "whole matrices", "행렬 전체";
    next_batch: "a batch: each sample's δ, and their mean", "배치: 표본별 δ와 그 평균";
    either_template: "{} or {}", "{} 또는 {}";
    by_samples_template: "{} to {} by the number of samples", "표본 수에 따라 {}~{}";
    nothing: "none", "없음";
    flag: "flag", "플래그";
    key: "key", "키";
    in_section_template: "{key} in section [{section}]", "[{section}] 절의 {key}";
    range: "range", "범위";
    unit: "unit", "단위";
    needs: "needs", "필요한 설정";
    default: "default", "기본값";
    values: "Values", "고를 수 있는 값";
    next_check: "every gradient against a numerical derivative", "모든 기울기를 수치 미분과 비교";
}

impl Words {
    /// The words of `lang`, or of the locale.
    pub(crate) fn of(lang: Option<Lang>) -> &'static Self {
        match lang.unwrap_or_else(locale) {
            Lang::En => &ENGLISH,
            Lang::Ko => &KOREAN,
        }
    }

    /// The one of the two that is in this language.
    pub(crate) fn pick(&self, en: &'static str, ko: &'static str) -> &'static str {
        if self.korean { ko } else { en }
    }

    /// `a, b or c`
    pub(crate) fn either(&self, words: &[String]) -> String {
        match words {
            [] => String::new(),
            [one] => one.clone(),
            [most @ .., last] => {
                self.either_template.replacen("{}", &most.join(", "), 1).replacen("{}", last, 1)
            }
        }
    }

    /// `30 to 200 by the number of samples`
    pub(crate) fn by_samples(&self, low: &str, high: &str) -> String {
        self.by_samples_template.replacen("{}", low, 1).replacen("{}", high, 1)
    }

    /// `eta in section [training]`
    pub(crate) fn in_section(&self, key: &str, section: &str) -> String {
        self.in_section_template.replace("{key}", key).replace("{section}", section)
    }

    /// `776 more`
    pub(crate) fn more(&self, count: usize) -> String {
        self.more_template.replace("{}", &crate::text::count(count))
    }

    /// `yes from 0.35 on`
    pub(crate) fn threshold_rule(&self, label: &str, p: &str) -> String {
        self.from_on_template.replace("{label}", label).replace("{p}", p)
    }

    /// `9 are 0`
    pub(crate) fn zeros(&self, count: usize) -> String {
        self.zeros_template.replace("{}", &crate::text::count(count))
    }

    pub(crate) fn parameters(&self, count: &str) -> String {
        match count {
            "1" if !self.korean => "1 parameter".to_owned(),
            _ => self.parameters_template.replace("{}", count),
        }
    }

    pub(crate) fn kink(&self, place: &str) -> String {
        self.kink_template.replace("{}", place)
    }

    pub(crate) fn log_scale(&self, from: &str, to: &str) -> String {
        self.log_template.replacen("{}", from, 1).replacen("{}", to, 1)
    }
}

/// Korean where the locale says so: the first of the three that is set counts.
fn locale() -> Lang {
    let set = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
    let value = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set).unwrap_or_default();
    let language = value.split(['_', '.', '-', '@']).next().unwrap_or_default();
    if language.eq_ignore_ascii_case("ko") { Lang::Ko } else { Lang::En }
}
