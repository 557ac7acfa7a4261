//! The works that the definitions of metrics cite by author and year.

/// A work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Authors and year, as `About::source` has them.
    pub key: &'static str,
    /// Title, place, page.
    pub work: &'static str,
    /// The DOI; empty if there is none.
    pub doi: &'static str,
}

impl Reference {
    /// The work as one line, its DOI last.
    pub fn line(&self) -> String {
        let doi = if self.doi.is_empty() { String::new() } else { format!(", doi:{}", self.doi) };
        format!("{}. {}{doi}", self.key, self.work)
    }
}

const fn work(key: &'static str, work: &'static str, doi: &'static str) -> Reference {
    Reference { key, work, doi }
}

/// Every work, by its first author.
pub static REFERENCES: &[Reference] = &[
    work(
        "Aalen & Johansen 1978",
        "An empirical transition matrix for non-homogeneous Markov chains based on censored observations. Scandinavian Journal of Statistics 5:141",
        "",
    ),
    work("Barlow et al. 1972", "Statistical inference under order restrictions. Wiley", ""),
    work(
        "Benjamini & Hochberg 1995",
        "Controlling the false discovery rate. Journal of the Royal Statistical Society B 57:289",
        "10.1111/j.2517-6161.1995.tb02031.x",
    ),
    work(
        "Biscarri, Zhao & Brunner 2018",
        "A simple and fast method for computing the Poisson binomial distribution function. Computational Statistics & Data Analysis 122:92",
        "10.1016/j.csda.2018.01.007",
    ),
    work("Breslow & Day 1987", "Statistical methods in cancer research, volume II. IARC", ""),
    work(
        "Brier 1950",
        "Verification of forecasts expressed in terms of probability. Monthly Weather Review 78:1",
        "10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2",
    ),
    work(
        "Brookmeyer & Crowley 1982",
        "A confidence interval for the median survival time. Biometrics 38:29",
        "10.2307/2530286",
    ),
    work(
        "Brown, Cai & DasGupta 2001",
        "Interval estimation for a binomial proportion. Statistical Science 16:101",
        "10.1214/ss/1009213286",
    ),
    work(
        "Campbell 2007",
        "Chi-squared and Fisher-Irwin tests of two-by-two tables with small sample recommendations. Statistics in Medicine 26:3661",
        "10.1002/sim.2832",
    ),
    work("Chamandy et al. 2012", "Estimating uncertainty for massive data streams. Google", ""),
    work(
        "de Boer & Rodrigues 2020",
        "Decomposition analysis: when to use which method? Economic Systems Research 32:1",
        "10.1080/09535314.2019.1652571",
    ),
    work(
        "DeLong, DeLong & Clarke-Pearson 1988",
        "Comparing the areas under two or more correlated receiver operating characteristic curves. Biometrics 44:837",
        "10.2307/2531595",
    ),
    work(
        "DerSimonian & Laird 1986",
        "Meta-analysis in clinical trials. Controlled Clinical Trials 7:177",
        "10.1016/0197-2456(86)90046-2",
    ),
    work(
        "Efron & Morris 1975",
        "Data analysis using Stein's estimator and its generalizations. Journal of the American Statistical Association 70:311",
        "10.1080/01621459.1975.10479864",
    ),
    work(
        "Efron 1982",
        "The jackknife, the bootstrap and other resampling plans. Society for Industrial and Applied Mathematics",
        "10.1137/1.9781611970319",
    ),
    work(
        "Garwood 1936",
        "Fiducial limits for the Poisson distribution. Biometrika 28:437",
        "10.1093/biomet/28.3-4.437",
    ),
    work(
        "Gaynor et al. 1993",
        "On the use of cause-specific failure and conditional failure probabilities. Journal of the American Statistical Association 88:400",
        "",
    ),
    work(
        "Gupta & Lehmann 2003",
        "Customers as assets. Journal of Interactive Marketing 17:9",
        "10.1002/dir.10045",
    ),
    work(
        "Hong 2013",
        "On computing the distribution function for the Poisson binomial distribution. Computational Statistics & Data Analysis 59:41",
        "10.1016/j.csda.2012.10.006",
    ),
    work(
        "Hyndman & Fan 1996",
        "Sample quantiles in statistical packages. The American Statistician 50:361",
        "10.1080/00031305.1996.10473566",
    ),
    work(
        "Hyndman & Koehler 2006",
        "Another look at measures of forecast accuracy. International Journal of Forecasting 22:679",
        "10.1016/j.ijforecast.2006.03.001",
    ),
    work("Jaeckel 1972", "The infinitesimal jackknife. Bell Laboratories, MM 72-1215-11", ""),
    work(
        "Kaplan & Meier 1958",
        "Nonparametric estimation from incomplete observations. Journal of the American Statistical Association 53:457",
        "10.1080/01621459.1958.10501452",
    ),
    work(
        "Kleinman 1973",
        "Proportions with extraneous variance: single and independent samples. Journal of the American Statistical Association 68:46",
        "",
    ),
    work(
        "Lancaster 1961",
        "Significance tests in discrete distributions. Journal of the American Statistical Association 56:223",
        "",
    ),
    work(
        "Little 1961",
        "A proof for the queuing formula L = λW. Operations Research 9:383",
        "10.1287/opre.9.3.383",
    ),
    work(
        "Little 2011",
        "Little's law as viewed on its 50th anniversary. Operations Research 59:536",
        "10.1287/opre.1110.0940",
    ),
    work(
        "Manktelow & Seaton 2012",
        "Specification of the mean and overdispersion in funnel plots. PLoS ONE 7:e45723",
        "10.1371/journal.pone.0045723",
    ),
    work(
        "Mann & Whitney 1947",
        "On a test of whether one of two random variables is stochastically larger than the other. Annals of Mathematical Statistics 18:50",
        "10.1214/aoms/1177730491",
    ),
    work(
        "Mantel & Haenszel 1959",
        "Statistical aspects of the analysis of data from retrospective studies of disease. Journal of the National Cancer Institute 22:719",
        "10.1093/jnci/22.4.719",
    ),
    work(
        "McCullagh & Nelder 1989",
        "Generalized linear models, second edition. Chapman & Hall",
        "",
    ),
    work(
        "Murphy 1973",
        "A new vector partition of the probability score. Journal of Applied Meteorology 12:595",
        "10.1175/1520-0450(1973)012<0595:ANVPOT>2.0.CO;2",
    ),
    work(
        "Newcombe 1998",
        "Interval estimation for the difference between independent proportions. Statistics in Medicine 17:873",
        "10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I",
    ),
    work(
        "Nicolaie et al. 2013",
        "Dynamic prediction by landmarking in competing risks. Statistics in Medicine 32:2031",
        "10.1002/sim.5665",
    ),
    work(
        "Pearson 1900",
        "On the criterion that a given system of deviations can be reasonably supposed to have arisen from random sampling. Philosophical Magazine 50:157",
        "10.1080/14786440009463897",
    ),
    work(
        "Putter, Fiocco & Geskus 2007",
        "Tutorial in biostatistics: competing risks and multi-state models. Statistics in Medicine 26:2389",
        "10.1002/sim.2712",
    ),
    work(
        "Robins, Breslow & Greenland 1986",
        "Estimators of the Mantel-Haenszel variance consistent in both sparse data and large-strata limiting models. Biometrics 42:311",
        "10.2307/2531052",
    ),
    work(
        "Rothman 1978",
        "Estimation of confidence limits for the cumulative probability of survival in life table analysis. Journal of Chronic Diseases 31:557",
        "10.1016/0021-9681(78)90043-7",
    ),
    work(
        "Royston & Parmar 2013",
        "Restricted mean survival time: an alternative to the hazard ratio. BMC Medical Research Methodology 13:152",
        "10.1186/1471-2288-13-152",
    ),
    work(
        "Shapley 1953",
        "A value for n-person games. Contributions to the Theory of Games II:307",
        "10.1515/9781400881970-018",
    ),
    work(
        "Spiegelhalter 1986",
        "Probabilistic prediction in patient management and clinical trials. Statistics in Medicine 5:421",
        "10.1002/sim.4780050506",
    ),
    work(
        "Spiegelhalter 2005",
        "Funnel plots for comparing institutional performance. Statistics in Medicine 24:1185",
        "10.1002/sim.1970",
    ),
    work(
        "Sun 1998",
        "Changes in energy consumption and energy intensity: a complete decomposition model. Energy Economics 20:85",
        "",
    ),
    work(
        "van Houwelingen 2007",
        "Dynamic prediction by landmarking in event history analysis. Scandinavian Journal of Statistics 34:70",
        "10.1111/j.1467-9469.2006.00529.x",
    ),
    work(
        "Wilson 1927",
        "Probable inference, the law of succession, and statistical inference. Journal of the American Statistical Association 22:209",
        "10.1080/01621459.1927.10502953",
    ),
    work(
        "Woodruff 1952",
        "Confidence intervals for medians and other position measures. Journal of the American Statistical Association 47:635",
        "",
    ),
];

/// The works that `source` cites, in the order of [`REFERENCES`].
pub fn cited(source: &str) -> Vec<&'static Reference> {
    REFERENCES.iter().filter(|work| source.contains(work.key)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn works_are_found_by_author_and_year() {
        let found: Vec<_> = cited("definition; interval: Wilson 1927; Hyndman & Fan 1996 (type 7)")
            .into_iter()
            .map(|work| work.key)
            .collect();
        assert_eq!(found, ["Hyndman & Fan 1996", "Wilson 1927"]);
        assert!(cited("definition").is_empty());
        let key = |work: &Reference| work.key.to_lowercase();
        assert!(REFERENCES.is_sorted_by(|a, b| key(a) < key(b)), "by author");
        assert!(cited("Wilson 1927")[0].line().ends_with(", doi:10.1080/01621459.1927.10502953"));
    }
}
