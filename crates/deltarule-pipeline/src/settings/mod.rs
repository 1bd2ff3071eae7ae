//! All that a user may set for a run, whatever the door: one table for each part of it.

mod file;
mod held;
mod list;

pub use file::{FileError, Reason, read};
pub use held::Held;
pub use list::{Defaults, Listed, Usual, list, list_of};

use deltarule::settings::{Group, SettingsTable};
use deltarule::{Interval, Metric, Settings, Task, variants};
use deltarule_tables::read::{DateFormat, DecimalMark};
use serde::Serialize;

/// What data there are.
pub const SOURCE: Group = Group { en: "Source", ko: "데이터 출처" };
/// What is made of the columns of a table.
pub const COLUMNS: Group = Group { en: "Columns", ko: "열" };
/// How files are read.
pub const FILES: Group = Group { en: "Files", ko: "파일" };
/// What is held out from training.
pub const HELD_OUT: Group = Group { en: "Held out", ko: "따로 둘 데이터" };
/// Tables that are larger than memory.
pub const STREAMING: Group = Group { en: "Large tables", ko: "큰 표" };
/// What a run is as a whole.
pub const RUN: Group = Group { en: "Run", ko: "실행" };
/// What is done once a network has been trained.
pub const AFTER_TRAINING: Group = Group { en: "After training", ko: "학습 뒤" };
/// How folds are dealt.
pub const CROSS_VALIDATION: Group = Group { en: "Cross-validation", ko: "교차 검증" };

const COUNT: Interval = Interval::at_least(1.0);

variants! {
    /// Which recipe fills in what is not said.
    #[derive(Eq)]
    pub enum Preset: "preset" {
        /// The network of the settings, with few surprises
        Plain = "plain", "설정한 그대로의 신경망";
        /// The strong recipe for tables
        Tabular = "tabular", "표에 강한 처방";
    }
}

variants! {
    /// Numbers of the network.
    #[derive(Eq, Default)]
    pub enum Precision: "precision" {
        /// Single precision, 32 bits
        #[default]
        F32 = "f32", "단정밀도, 32비트";
        /// Double precision, 64 bits
        F64 = "f64", "배정밀도, 64비트";
    }
}

deltarule::settings! {
    /// What a run is as a whole.
    pub struct RunSettings {
        RUN {
            /// Which recipe fills in what is not said
            preset: Preset, "말하지 않은 것을 채우는 처방",
                otherwise("tabular for tables, plain for the rest", "표에는 tabular, 나머지는 plain");
            /// Numbers of the network
            precision: Precision = Precision::default(), "신경망의 수", form("TYPE");
            /// Threads; the result is the same for any number
            threads: usize, "스레드 수, 결과는 몇 개든 같다",
                range(COUNT), unit("threads"), otherwise("as many as the machine runs at once", "기계가 한꺼번에 돌릴 수 있는 만큼");
        }
        AFTER_TRAINING {
            /// Choose the probability from which the second of two classes is predicted by this metric, on the validation set
            tune_threshold: Metric, "두 클래스 가운데 둘째를 예측하는 확률의 문턱을 검증 데이터에서 이 지표로 고르기",
                form("METRIC"), otherwise("the more probable class", "더 그럴듯한 클래스");
            /// Scale the outputs by one temperature so that probabilities fit the validation set
            temperature: bool = false, "확률이 검증 데이터에 맞도록 출력을 온도 하나로 조절하기";
        }
    }
}

deltarule::settings! {
    /// Which data, how to read them, and what is held out.
    pub struct DataSettings {
        SOURCE {
            /// A built-in set, IDX files or folder, or tables
            source: Vec<String>, "내장 데이터, IDX 파일이나 폴더, 또는 표", form("DATA");
        }
        COLUMNS {
            /// Column to predict; several, separated by commas, for several targets
            target: Vec<String>, "예측할 열, 여러 목표는 쉼표로", form("COLUMNS");
            /// What to make of the target
            task: Task, "목표를 무엇으로 볼지", form("TASK"),
                otherwise("found by looking at the target", "목표를 보고 정함");
            /// Columns to take as numbers, whatever they look like
            numeric: Vec<String>, "어떻게 보이든 수로 읽을 열", form("COLUMNS");
            /// Columns to take as categories, whatever they look like
            categorical: Vec<String>, "어떻게 보이든 범주로 읽을 열", form("COLUMNS");
            /// Columns to learn from although they look as if they only named the rows
            use_columns: Vec<String>, "행의 이름처럼 보여도 배울 열", form("COLUMNS");
            /// Columns to leave out
            drop: Vec<String>, "뺄 열", form("COLUMNS");
            /// Column with the weight of each row
            weights: String, "행마다의 가중치를 담은 열", form("COLUMN");
            /// Weights of the classes: `balanced`, or `name=weight,…`
            class_weights: String, "클래스 가중치: `balanced` 또는 `이름=가중치,…`", form("WEIGHTS");
        }
        FILES {
            /// Character between the cells of a CSV file
            delimiter: char, "CSV 파일의 칸 사이 글자", form("CHAR"), dashes(),
                otherwise("found by looking", "파일을 보고 정함");
            /// The first line of a CSV file is data; columns are called c1, c2, …
            no_header: bool = false, "CSV 파일의 첫 줄도 데이터, 열 이름은 c1, c2, …";
            /// The first line of a CSV file holds names, even where they are numbers
            header: bool = false, "수처럼 보여도 CSV 파일의 첫 줄은 열 이름";
            /// Refuse tables of more columns
            max_columns: usize = 65_536, "열이 이보다 많은 표는 거절", range(COUNT), unit("columns");
            /// What stands before the fraction of a number, where the cells of a file leave it open
            decimal: DecimalMark, "파일의 칸만으로 정해지지 않을 때 수의 소수점", form("MARK"),
                otherwise("found by looking at the file", "파일을 보고 정함");
            /// How dates are written, where the cells leave it open: day-first, month-first, year-first, or fields such as %d.%m.%Y
            date_format: DateFormat, "칸만으로 정해지지 않을 때 날짜를 쓴 방식: day-first, month-first, year-first 또는 %d.%m.%Y 같은 형식",
                form("FORMAT"), otherwise("found by looking at the file", "파일을 보고 정함");
            /// Cells that stand for a missing value, beside the empty cell, ?, NA, N/A, NaN, None, null and what else is usual
            missing: Vec<String>, "빈칸, ?, NA, N/A, NaN, None, null 같은 흔한 것 말고 결측값을 뜻하는 칸",
                form("CELLS"), dashes();
            /// Cells that are values although they usually stand for a missing one, such as NA for Namibia
            not_missing: Vec<String>, "흔히 결측값을 뜻하지만 여기서는 값인 칸, 예: 나미비아를 뜻하는 NA", form("CELLS"), dashes();
        }
        HELD_OUT {
            /// Held out to choose the best epoch: a fraction, a file, or `column:NAME` for a column that says which rows
            validation: Held, "가장 좋은 에폭을 고르려고 따로 두는 것: 비율, 파일, 또는 행을 가리키는 열 `column:이름`",
                form("FRACTION|FILE|column:NAME");
            /// Held out for the final figures: a fraction or a file
            test: Held, "마지막 수치를 내려고 따로 두는 것: 비율 또는 파일", form("FRACTION|FILE"),
                otherwise("a fifth of a built-in set, the test pair of images, nothing of a table",
                    "내장 데이터의 5분의 1, 이미지의 시험 쌍, 표는 없음");
        }
        STREAMING {
            /// Read the table in passes instead of loading it: for files larger than memory
            stream: bool = false, "표를 올리지 않고 여러 번 훑어 읽기: 메모리보다 큰 파일용";
            /// Rows that a streamed epoch keeps in memory to shuffle
            shuffle_buffer: usize, "훑어 읽는 에폭이 섞으려고 메모리에 두는 행 수",
                range(COUNT), unit("rows"), form("ROWS"), otherwise("256 MiB of rows", "행 256 MiB만큼");
        }
    }
}

deltarule::settings! {
    /// How folds are dealt.
    pub struct CvSettings {
        CROSS_VALIDATION {
            /// Number of folds
            folds: usize = 5, "겹의 수", range(COUNT), unit("folds"), form("K");
            /// How often the whole is repeated with other folds
            repeats: u32 = 1, "겹을 바꿔 전체를 되풀이하는 횟수", range(COUNT), form("N");
            /// Do not keep the shares of the classes equal in every fold
            plain_folds: bool = false, "겹마다 클래스 비율을 같게 맞추지 않기";
        }
    }
}

/// All that a user may set, as it stands in `config.toml`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Config {
    /// What the run is as a whole: the keys before any section.
    #[serde(flatten)]
    pub run: RunSettings,
    /// Which data, and how to read them: section `data`.
    pub data: DataSettings,
    /// The network and its training: section `training`.
    pub training: Settings,
    /// How folds are dealt: section `cv`.
    #[serde(skip_serializing_if = "is_silent")]
    pub cv: CvSettings,
}

fn is_silent(settings: &CvSettings) -> bool {
    *settings == CvSettings::default()
}

impl Config {
    /// These settings, and those of `base` where these are silent.
    #[must_use]
    pub fn or(self, base: Self) -> Self {
        Self {
            run: self.run.or(base.run),
            data: self.data.or(base.data),
            training: self.training.or(base.training),
            cv: self.cv.or(base.cv),
        }
    }

    /// Every table with the name of its section, which is empty where the keys come before any section.
    pub fn sections(&mut self) -> [(&'static str, &mut dyn SettingsTable); 4] {
        [
            ("", &mut self.run),
            ("data", &mut self.data),
            ("training", &mut self.training),
            ("cv", &mut self.cv),
        ]
    }

    /// Whether what was said of the run, the data and the folds can be; the training is checked by its plan.
    ///
    /// # Errors
    /// [`Error::Setting`](deltarule::Error::Setting) for the first value that cannot be.
    pub fn check(&self) -> deltarule::Result<()> {
        self.run.check()?;
        self.data.check()?;
        self.cv.check()?;
        if self.data.header == Some(true) && self.data.no_header == Some(true) {
            return Err(deltarule::Error::setting("header", "nothing with no-header", true));
        }
        Ok(())
    }

    /// The settings as TOML, complete enough to repeat the run.
    pub fn to_toml(&self) -> String {
        let body = toml::to_string(self).expect("settings are plain values");
        format!(
            "# The settings of this run, complete. `deltarule train --config FILE` repeats it.\n# deltarule {}\n\n{body}",
            env!("CARGO_PKG_VERSION")
        )
    }
}
